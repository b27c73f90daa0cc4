import { importX } from 'eslint-plugin-import-x';
import { createTypeScriptImportResolver } from 'eslint-import-resolver-typescript';
import tseslint from 'typescript-eslint';

/** What is inside the SDK's packages may move with an upgrade: one folder imports it, and its tests notice. */
const insideTheSdk = {
  group: ['@temporalio/*/*', '@temporalio/core-bridge'],
  message: 'Import it in src/temporal-sdk, and test it there.',
};

/** Imports go one way (docs/architecture.md): a folder may not import those that are listed for it. */
const mayNotImport = (folder, forbidden, packages = []) => ({
  files: [`src/${folder}/**/*.ts`],
  rules: {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      {
        patterns: [
          insideTheSdk,
          ...forbidden.map((other) => ({
            group: [other.includes('*') ? `**/${other}` : `**/${other}/**`],
            message: `src/${folder} may not import src/${other}: imports go one way.`,
          })),
          ...packages.map((name) => ({ group: [name, `${name}/**`], message: `Not in src/${folder}.` })),
        ],
      },
    ],
  },
});

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
  {
    files: ['src/temporal-sdk/**/*.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': 'off', 'no-restricted-syntax': 'off' },
  },
  mayNotImport(
    'lib',
    [
      'domain',
      'agents',
      'payloads',
      'activities',
      'workflows',
      'client',
      'membership',
      'api',
      'platform',
      'replay',
      'cli',
      'temporal-sdk',
    ],
    ['@temporalio', 'express', 'undici'],
  ),
  mayNotImport(
    'domain',
    [
      'lib',
      'temporal-sdk',
      'agents',
      'payloads',
      'activities',
      'workflows',
      'client',
      'membership',
      'api',
      'platform',
    ],
    ['@temporalio', 'express', 'undici'],
  ),
  mayNotImport(
    'agents',
    ['temporal-sdk', 'payloads', 'activities', 'workflows', 'client', 'api', 'platform'],
    ['@temporalio', 'express'],
  ),
  mayNotImport(
    'payloads',
    ['temporal-sdk', 'agents', 'activities', 'workflows', 'client', 'api', 'platform'],
    ['@temporalio', 'express'],
  ),
  mayNotImport('activities', ['workflows', 'client', 'api', 'platform'], ['express']),
  mayNotImport(
    'client',
    [
      'agents',
      'membership',
      'api',
      'platform',
      'temporal-sdk/threaded-workflows*',
      'temporal-sdk/workflow-thread*',
    ],
    ['express', '@temporalio/worker'],
  ),
  mayNotImport('platform', ['agents', 'activities', 'client', 'membership', 'api'], ['express']),
  mayNotImport(
    'membership',
    ['temporal-sdk', 'agents', 'payloads', 'activities', 'workflows', 'api', 'cli'],
    ['express', '@temporalio'],
  ),
  mayNotImport(
    'replay',
    ['agents', 'payloads', 'activities', 'workflows', 'client', 'api', 'cli'],
    ['express'],
  ),
  mayNotImport('api', ['temporal-sdk', 'activities', 'payloads', 'replay', 'cli'], ['@temporalio']),
  // The command line is a client of the API; `start` alone runs what npm start runs.
  mayNotImport(
    'cli',
    ['temporal-sdk', 'agents', 'payloads', 'activities', 'workflows', 'client', 'api'],
    ['@temporalio', 'express'],
  ),
  {
    // What is shown was written by agents and callers: text stays text.
    files: ['web/**/*.{ts,tsx}'],
    rules: {
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
              group: [
                '**/agents/**',
                '**/payloads/**',
                '**/client/**',
                '**/api/**',
                '**/platform/**',
                '**/lib/**',
                '**/temporal-sdk/**',
              ],
              message: 'I8',
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
      'src/api/server.ts',
      'src/promote.ts',
      'worker.ts',
      'src/platform/shutdown.ts',
      'src/platform/embedded/**/*.ts',
    ],
    rules: { 'no-console': 'off' },
  },
);
