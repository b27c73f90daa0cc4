import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/** What is inside the SDK's packages may move with an upgrade: one folder imports it, and its tests notice. */
const insideTheSdk = {
  group: ['@temporalio/*/*', '@temporalio/core-bridge'],
  message: 'Import it in src/temporal-sdk, and test it there.',
};

/**
 * Imports go one way (docs/architecture.md): what each folder of src may import of the others, and which packages it may
 * not. Rooms of one floor may import each other.
 */
const floors = {
  lib: { imports: [], not: ['@temporalio', 'express', 'undici'] },
  'temporal-sdk': { imports: [] },
  domain: { imports: [], not: ['@temporalio', 'express', 'undici'] },
  contract: { imports: ['domain'], not: ['@temporalio', 'express', 'undici'] },
  payloads: { imports: ['domain', 'lib'], not: ['@temporalio', 'express'] },
  agents: { imports: ['domain', 'lib'], not: ['@temporalio', 'express'] },
  receivers: { imports: ['domain', 'lib', 'agents'], not: ['@temporalio', 'express'] },
  activities: {
    imports: ['domain', 'lib', 'temporal-sdk', 'agents', 'receivers', 'payloads'],
    not: ['express'],
  },
  services: {
    imports: ['domain', 'lib', 'temporal-sdk', 'payloads', 'receivers', 'activities', 'workflows'],
    not: ['express', '@temporalio/worker'],
  },
  platform: {
    imports: ['domain', 'lib', 'temporal-sdk', 'payloads', 'receivers', 'workflows'],
    not: ['express'],
  },
  membership: { imports: ['domain', 'lib', 'platform', 'services'], not: ['express', '@temporalio'] },
  replay: { imports: ['domain', 'lib', 'temporal-sdk', 'platform'], not: ['express'] },
  api: {
    imports: ['contract', 'domain', 'lib', 'agents', 'receivers', 'payloads', 'services', 'platform'],
    not: ['@temporalio'],
  },
  // The command line is a client of the API; `start` and `worker` alone run what npm start and npm run worker run.
  cli: {
    imports: ['contract', 'domain', 'lib', 'platform', 'replay', 'node'],
    not: ['@temporalio', 'express'],
  },
};
const folders = [...Object.keys(floors), 'node', 'workflows'];

/** What the desk may import of src: it is a client of the API, as the command line is. */
const deskImports = ['contract', 'domain'];

/** By resolved path: a room may be named as a floor is (`services/agents`, `agents`). */
const zones = [
  ...Object.entries(floors).map(([floor, { imports }]) => ({ target: `src/${floor}`, imports })),
  { target: 'web/src', imports: deskImports },
].flatMap(({ target, imports }) =>
  folders
    .filter((other) => target !== `src/${other}` && !imports.includes(other))
    .map((other) => ({
      target: `./${target}`,
      from: `./src/${other}`,
      message: `${target} may not import src/${other}: imports go one way.`,
    })),
);

/** Clients take types of the contract, which leave nothing behind: its values bring zod with them. */
const contractTypesOnly = {
  group: ['**/contract/**'],
  allowTypeImports: true,
  message: 'A client of the API imports types only: import type.',
};

/** The transport takes any wire format, and a format needs no connection. */
const formatsAndHttp = [
  {
    target: './src/agents/http',
    from: './src/agents/formats',
    except: ['./wire-format.ts'],
    message: 'The HTTP transport knows no wire format.',
  },
  {
    target: './src/agents/formats',
    from: './src/agents/http',
    message: 'A wire format knows no connections.',
  },
];

const withoutPackages = Object.entries(floors).map(([floor, { not = [] }]) => ({
  files: [`src/${floor}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          ...(floor === 'temporal-sdk' ? [] : [insideTheSdk]),
          ...(floor === 'cli' ? [contractTypesOnly] : []),
          ...not.map((name) => ({ group: [name, `${name}/**`], message: `Not in src/${floor}.` })),
        ],
      },
    ],
  },
}));

export default tseslint.config(
  { ignores: ['dist', 'coverage', '.holdfast', 'node_modules', '**/*.{js,cjs}'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    plugins: { 'import-x': importX },
    settings: {
      // Without these, import-x reads no TypeScript file and finds no circle.
      ...importX.flatConfigs.typescript.settings,
      'import-x/resolver-next': [createTypeScriptImportResolver()],
    },
    rules: {
      'import-x/no-cycle': ['error', { ignoreExternal: true }],
      'import-x/no-restricted-paths': [
        'error',
        { basePath: import.meta.dirname, zones: [...zones, ...formatsAndHttp] },
      ],
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': [
        'error',
        { considerDefaultExhaustiveForUnions: true },
      ],
      'no-console': 'error',
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [insideTheSdk] }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'ImportExpression > Literal[value=/^@temporalio\\u002F[^\\u002F]+\\u002F/]',
          message: insideTheSdk.message,
        },
      ],
    },
  },
  ...withoutPackages,
  {
    // `import { type A }` would still load the module.
    files: ['src/cli/**/*.ts', 'web/**/*.{ts,tsx}'],
    rules: { '@typescript-eslint/no-import-type-side-effects': 'error' },
  },
  { files: ['src/temporal-sdk/**/*.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    // What is shown was written by agents and callers: text stays text.
    files: ['web/**/*.{ts,tsx}'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            contractTypesOnly,
            { group: ['zod', '@asteasolutions/*'], message: "Not in the page's bundle." },
          ],
        },
      ],
      'no-restricted-syntax': [
        'error',
        { selector: "JSXAttribute[name.name='dangerouslySetInnerHTML']", message: 'Text stays text.' },
        { selector: 'MemberExpression[property.name=/^(inner|outer)HTML$/]', message: 'Text stays text.' },
      ],
    },
  },
  {
    // Workflow code is deterministic (I8): the domain and types only.
    files: ['src/workflows/**/*.ts'],
    rules: {
      '@typescript-eslint/no-restricted-imports': [
        'error',
        {
          patterns: [
            insideTheSdk,
            {
              regex: `^(\\.\\./)+(${folders.filter((name) => !['domain', 'activities', 'workflows'].includes(name)).join('|')})/`,
              message: 'I8: the domain, and types of activities',
            },
            { group: ['**/activities/**'], allowTypeImports: true, message: 'I8: types only' },
            { group: ['node:*', 'zod', 'undici', '@temporalio/client', '@temporalio/worker'], message: 'I8' },
          ],
        },
      ],
    },
  },
  {
    files: [
      'test/**/*.ts',
      'scripts/**/*.ts',
      'bench/**/*.ts',
      'soak/**/*.ts',
      'chaos/**/*.ts',
      'cluster/**/*.ts',
      'src/node/server.ts',
      'src/node/promote.ts',
      'worker.ts',
      'src/platform/shutdown.ts',
      'src/platform/embedded/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
