/** Checks the Temporal server: whether it answers, its version and clock, and what Holdfast needs in its namespace. */
import { breachesOf, generation, type Breach, type ClusterTerms } from '../../domain/cluster-terms.ts';
import { clusterTermsId } from '../../domain/ids.ts';
import type { Config } from '../../platform/config.ts';
import { inspectTemporal, type TemporalInspection } from '../../platform/inspect-temporal.ts';
import type { Sealer } from '../../platform/sealing.ts';
import { inWords, noticedSkewMs } from '../../platform/server-clock.ts';
import type { TemporalTarget } from '../../platform/temporal-connection.ts';
import { fail, firstLine, ok, skip, warn, type Check } from './check.ts';

/** The oldest version with the workflow updates and eager starts that Holdfast uses. */
const oldestServer = [1, 28] as const;

/** Reads the server's state. Returns the error if that fails; it never rejects. */
export async function inspect(target: TemporalTarget): Promise<TemporalInspection | Error> {
  try {
    return await inspectTemporal(target);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** Runs the checks of the server itself. `found` is the result of `inspect`. */
export function checkTemporal(
  target: TemporalTarget,
  found: TemporalInspection | Error,
  config: Config,
  embedded: boolean,
): Check[] {
  const address = target.options.address ?? 'its default address';
  if (found instanceof Error)
    return [
      fail(
        'temporal server',
        `${address}: ${firstLine(found)}`,
        'start it, or correct TEMPORAL_ADDRESS, and TEMPORAL_TLS_* if it wants TLS or a client certificate; without TEMPORAL_ADDRESS a node starts an embedded server',
      ),
    ];
  return [
    checkVersion(address, found.serverVersion),
    checkClock(found.clockSkewMs),
    checkNamespace(target.namespace, found, config, embedded),
    checkSearchAttributes(target.namespace, found),
  ];
}

function checkVersion(address: string, version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const old = major < oldestServer[0] || (major === oldestServer[0] && minor < oldestServer[1]);
  const detail = `${version} at ${address}`;
  return old
    ? warn('temporal server', detail, `use ${oldestServer.join('.')} or newer`)
    : ok('temporal server', detail);
}

function checkClock(skewMs: number | undefined): Check {
  const check = 'temporal clock';
  if (skewMs === undefined) return skip(check, 'the clock of the server is unknown');
  if (Math.abs(skewMs) < noticedSkewMs) return ok(check, "this machine's clock agrees with the server's");
  const detail = `this machine's clock is ${inWords(skewMs)} the server's`;
  return warn(
    check,
    detail,
    'synchronize both clocks, e.g. with NTP: times that people and agents get are off by this much',
  );
}

function checkNamespace(
  name: string,
  { namespace }: TemporalInspection,
  config: Config,
  embedded: boolean,
): Check {
  const check = 'namespace';
  if ('error' in namespace)
    return fail(
      check,
      `${name}: ${namespace.error}`,
      `set TEMPORAL_NAMESPACE, or create it: temporal operator namespace create --namespace ${name} --retention 7d`,
    );
  const { retentionDays } = namespace;
  const detail = `${name} keeps ended calls for ${Number(retentionDays.toFixed(1))} days`;
  if (embedded && retentionDays !== config.temporal.retentionDays)
    return warn(
      check,
      `${detail}, but HOLDFAST_RETENTION_DAYS is ${config.temporal.retentionDays}`,
      'restart the node to apply it',
    );
  return retentionDays < 1
    ? warn(
        check,
        detail,
        "calls of the last night may be gone in the morning: raise the namespace's retention, or set HOLDFAST_ARCHIVE",
      )
    : ok(check, detail);
}

function checkSearchAttributes(
  namespace: string,
  { missingSearchAttributes: missing }: TemporalInspection,
): Check {
  const check = 'search attributes';
  if (missing === undefined) return skip(check, 'the server did not list them');
  if (missing.length === 0) return ok(check, 'all are registered');
  const commands = missing.map(
    (name) =>
      `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
  );
  return warn(
    check,
    `missing: ${missing.join(', ')}`,
    `a node adds them when it starts, if it has the right to; otherwise run: ${commands.join(' && ')}`,
  );
}

/**
 * Checks whether the cluster would admit a node with this key, payload store and version. `storeId` is undefined if the store
 * has no id yet, and an error if it cannot be read.
 */
export function checkCluster(
  terms: TemporalInspection['terms'],
  sealer: Sealer | undefined,
  storeId: string | Error | undefined,
): Check {
  const check = 'cluster';
  if (terms instanceof Error)
    return fail(
      check,
      `the terms of the cluster cannot be read: ${firstLine(terms)}`,
      `a node needs the right to describe, start and poll workflows; if the terms are damaged, remove them: temporal workflow terminate -w ${clusterTermsId}`,
    );
  if (!terms) return ok(check, 'the first node founds it');
  const differences = differencesOf(terms, sealer, storeId);
  if (differences.length > 0)
    return fail(
      check,
      `${differences.map(({ detail }) => detail).join('; ')}: ${wouldBeRefused}`,
      `${differences.map(({ fix }) => fix).join('; ')}; ${changedOnPurpose}`,
    );
  if (storeId instanceof Error)
    return fail(
      check,
      `the id of the payload store cannot be read: ${firstLine(storeId)}`,
      'see the check of the payload store',
    );
  if (!sealer)
    return skip(
      check,
      `there is no key to compare: the nodes of the cluster use the one with the fingerprint ${terms.keyFingerprint}, and refuse another`,
    );
  if (generation > terms.generation)
    return warn(
      check,
      `its nodes are of generation ${terms.generation}, this version is of generation ${generation}: a start is refused while they run`,
      'stop them before the first node of this version starts',
    );
  return ok(check, 'the key and the payload store are those of its nodes');
}

const wouldBeRefused = 'a node started from this shell would be refused; the nodes that run are not affected';
const changedOnPurpose = 'docs/deployment.md says what to do if it was changed on purpose';
/**
 * Where to find the key of a cluster that `npm run cluster` started. Its processes get settings that this shell does not have.
 */
const ofNpmRunCluster = 'npm run cluster: encryptionKey in cluster.json of its data folder';

interface Difference {
  readonly detail: string;
  readonly fix: string;
}

/** Returns for what a node would be refused. A store whose id cannot be read is not compared. */
function differencesOf(
  terms: ClusterTerms,
  sealer: Sealer | undefined,
  storeId: string | Error | undefined,
): Difference[] {
  const keyFingerprint = sealer?.keyFingerprint ?? terms.keyFingerprint;
  const known = typeof storeId === 'string' ? storeId : undefined;
  const breaches = breachesOf(terms, { keyFingerprint, storeId: known, generation }, []);
  const differences = breaches.map((breach) => differenceOf(breach, terms, keyFingerprint, known));
  if (storeId !== undefined) return differences;
  const detail = `the payload store that is set has no id yet, its nodes have that with the id ${terms.storeId}`;
  return [...differences, { detail, fix: theirStore }];
}

const theirStore = 'set HOLDFAST_PAYLOAD_STORE to theirs (npm run cluster: payloads in its data folder)';

function differenceOf(
  breach: Breach,
  terms: ClusterTerms,
  keyFingerprint: string,
  storeId: string | undefined,
): Difference {
  switch (breach) {
    case 'encryption_key':
      return {
        detail: `its nodes have another encryption key (fingerprint ${terms.keyFingerprint}, here ${keyFingerprint})`,
        fix: `set HOLDFAST_ENCRYPTION_KEY to the key with their fingerprint (${ofNpmRunCluster})`,
      };
    case 'payload_store':
      return {
        detail: `its nodes have another payload store (id ${terms.storeId}, here ${String(storeId)})`,
        fix: theirStore,
      };
    case 'older':
    case 'newer':
      return {
        detail: `its nodes are of generation ${terms.generation}, this version of ${generation}`,
        fix: 'install their version',
      };
  }
}

/** Checks whether the key opens the tokens of all registered agents. */
export function checkTokens(agents: TemporalInspection['agents'], sealer: Sealer | undefined): Check {
  const check = 'sealed tokens';
  if (!sealer) return skip(check, 'there is no key');
  if (!agents) return skip(check, 'no worker runs that could list the agents');
  const sealed = agents.flatMap(({ name, sealedToken }) =>
    sealedToken === undefined ? [] : [{ name, sealedToken }],
  );
  const closed = sealed.filter(({ name, sealedToken }) => !opens(sealer, sealedToken, name));
  if (closed.length === 0) return ok(check, `the key opens all ${sealed.length}`);
  return fail(
    check,
    `the key does not open the tokens of ${closed.map(({ name }) => name).join(', ')}`,
    'set HOLDFAST_ENCRYPTION_KEY to the key that sealed them, or register these agents again',
  );
}

function opens(sealer: Sealer, sealed: string, context: string): boolean {
  try {
    sealer.open(sealed, context);
    return true;
  } catch {
    return false;
  }
}
