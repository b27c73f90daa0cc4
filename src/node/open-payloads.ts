/** Opens the payload store of a process, the archive of failed calls, the files of figures and those of webhooks. */
import { Archive } from '../services/archive/archive.ts';
import { EndingHints } from '../services/endings/ending-hints.ts';
import { EndingLog } from '../services/endings/ending-log.ts';
import { FigureFiles } from '../services/figures/figure-files.ts';
import { DeliveryFiles } from '../services/webhooks/delivery-files.ts';
import { openPayloadStore } from '../payloads/open-store.ts';
import type { PayloadStore } from '../payloads/payload-store.ts';
import { TextStore } from '../payloads/text-store.ts';
import type { Config } from '../platform/config.ts';
import type { Log } from '../platform/logging.ts';
import { StoreWatch } from '../platform/store-watch.ts';

export interface Payloads {
  readonly texts: TextStore;
  readonly endings: EndingLog;
  readonly hints: EndingHints;
  readonly storeWatch: StoreWatch;
  /** The archive of failed calls. Undefined if they are not archived. */
  readonly archive: Archive | undefined;
  readonly figures: FigureFiles;
  readonly deliveries: DeliveryFiles;
}

/** Creates the store without using it; `storeWatch.first` makes the first check of it. */
export function openPayloads(config: Config, log: Log): Payloads {
  const store = openPayloadStore(config.payloads.store, config.payloads.reserveBytes);
  const storeWatch = new StoreWatch(store, log);
  const texts = new TextStore(store, config.payloads.inlineBytes, ({ key, message }) => {
    log.error({ key }, message);
  });
  const endings = new EndingLog(store, (key) => {
    log.error({ key }, 'A segment of the log of endings is damaged or lost: it is skipped');
  });
  const figures = new FigureFiles(store, (key) => {
    log.error({ key }, 'A file of figures is damaged: what it counted is missing');
  });
  return {
    texts,
    endings,
    hints: new EndingHints(store),
    figures,
    deliveries: new DeliveryFiles(store),
    storeWatch,
    archive: openArchive(config, store, log),
  };
}

function openArchive({ archive }: Config, payloads: PayloadStore, log: Log): Archive | undefined {
  const logDamaged = (key: string): void => {
    log.error({ key }, 'A file of the archive of failed calls is damaged: it is skipped');
  };
  switch (archive.kind) {
    case 'off':
      return undefined;
    case 'payload-store':
      return new Archive(payloads, 'archive/', logDamaged);
    case 'folder':
      return new Archive(openPayloadStore(archive), '', logDamaged);
  }
}
