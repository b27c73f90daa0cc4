/** The Temporal server: there, of which version, and with what Holdfast needs of it. */
import { breachesOf, generation, type Breach, type ClusterTerms } from '../../domain/cluster-terms.ts';
import { clusterTermsId } from '../../domain/ids.ts';
import type { Config } from '../../platform/config.ts';
import { inspectTemporal, type TemporalInspection } from '../../platform/inspect-temporal.ts';
import type { Sealer } from '../../platform/sealing.ts';
import { inWords, noticedSkewMs } from '../../platform/server-clock.ts';
import type { TemporalTarget } from '../../platform/temporal-connection.ts';
import { fail, firstLine, ok, skip, warn, type Check } from './check.ts';

/** The oldest that has what Holdfast uses of updates and eager starts. */
const oldestServer = [1, 28] as const;

export async function inspect(target: TemporalTarget): Promise<TemporalInspection | Error> {
  try {
    return await inspectTemporal(target);
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

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
        'start it, or set TEMPORAL_ADDRESS right, and TEMPORAL_TLS_* where it wants TLS or a client certificate; unset it for an embedded one',
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
  if (skewMs === undefined) return skip(check, 'the server does not tell its time');
  if (Math.abs(skewMs) < noticedSkewMs) return ok(check, "this machine's clock is as that of the server");
  const detail = `this machine's clock is ${inWords(skewMs)} that of the server`;
  return warn(
    check,
    detail,
    'keep both in time, e.g. with NTP: times that people and agents are told are wrong by this',
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
      `set TEMPORAL_NAMESPACE, or: temporal operator namespace create --namespace ${name} --retention 7d`,
    );
  const { retentionDays } = namespace;
  const detail = `${name} keeps ended calls for ${Number(retentionDays.toFixed(1))} days`;
  if (embedded && retentionDays !== config.temporal.retentionDays)
    return warn(
      check,
      `${detail}, HOLDFAST_RETENTION_DAYS says ${config.temporal.retentionDays}`,
      'restart the node',
    );
  return retentionDays < 1
    ? warn(
        check,
        detail,
        "the morning after it is too late: raise the namespace's retention, or set HOLDFAST_ARCHIVE",
      )
    : ok(check, detail);
}

function checkSearchAttributes(
  namespace: string,
  { missingSearchAttributes: missing }: TemporalInspection,
): Check {
  const check = 'search attributes';
  if (missing === undefined) return skip(check, 'the server does not tell');
  if (missing.length === 0) return ok(check, 'all are registered');
  const commands = missing.map(
    (name) =>
      `temporal operator search-attribute create --namespace ${namespace} --name ${name} --type Keyword`,
  );
  return warn(
    check,
    `missing: ${missing.join(', ')}`,
    `a start adds them where it may; otherwise: ${commands.join(' && ')}`,
  );
}

/**
 * Whether a node with this key, payload store and version is let in. `storeId` undefined: the store has none yet; an
 * error: it does not tell.
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
      `what its nodes must have in common cannot be read: ${firstLine(terms)}`,
      `a node needs the right to describe, start and poll; terms that are damaged go with: temporal workflow terminate -w ${clusterTermsId}`,
    );
  if (!terms) return ok(check, 'the first node begins it');
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
      `the payload store does not tell which it is: ${firstLine(storeId)}`,
      'see payload store',
    );
  if (!sealer)
    return skip(
      check,
      `there is no key to compare: its nodes have that with the fingerprint ${terms.keyFingerprint}, and one with another is refused`,
    );
  if (generation > terms.generation)
    return warn(
      check,
      `its nodes are of generation ${terms.generation}, this version of ${generation}: a start is refused while they run`,
      'stop them before the first node of this version starts',
    );
  return ok(check, 'the key and the payload store are those of its nodes');
}

const wouldBeRefused = 'a node started from this shell would be refused; the nodes that run are not affected';
const changedOnPurpose = 'docs/deployment.md tells what to do where it was changed on purpose';
/** Its processes are given what this shell lacks. */
const ofNpmRunCluster = 'npm run cluster: encryptionKey in cluster.json of its data folder';

interface Difference {
  readonly detail: string;
  readonly fix: string;
}

/** What a node would be refused for; a store that does not tell its id is not compared. */
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

/** Whether the key is the one that sealed the tokens of the agents. */
export function checkTokens(agents: TemporalInspection['agents'], sealer: Sealer | undefined): Check {
  const check = 'sealed tokens';
  if (!sealer) return skip(check, 'there is no key to open them with');
  if (!agents) return skip(check, 'no worker tells which there are');
  const sealed = agents.flatMap(({ name, sealedToken }) =>
    sealedToken === undefined ? [] : [{ name, sealedToken }],
  );
  const closed = sealed.filter(({ name, sealedToken }) => !opens(sealer, sealedToken, name));
  if (closed.length === 0) return ok(check, `the key opens all ${sealed.length}`);
  return fail(
    check,
    `the key does not open those of ${closed.map(({ name }) => name).join(', ')}`,
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
