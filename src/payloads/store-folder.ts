/** The folder of a file store. It is made once, at its first use by a process; from then on it is there, or the store is away. */
import { access, mkdir, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PayloadStoreError } from './payload-store.ts';

/** Tells the store's folder from one that stands in its place: a new one, or a mount point without its volume. */
export const markerFile = '.holdfast-payloads';

export class StoreFolder {
  readonly path: string;
  private readonly marker: string;
  private isOpen = false;

  constructor(path: string) {
    this.path = resolve(path);
    this.marker = join(this.path, markerFile);
  }

  /** Throws `PayloadStoreError` where the store is away. */
  async requireThere(): Promise<void> {
    if (await this.isMarked()) {
      this.isOpen = true;
      return;
    }
    if (this.isOpen)
      throw new PayloadStoreError(
        `The payload store's folder is gone, or its volume is not mounted (it has no ${markerFile}): bring it back; a restart without it is refused`,
      );
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    await (await open(this.marker, 'a', 0o600)).close();
    this.isOpen = true;
  }

  /** Makes a folder below this one, which must be there. */
  async make(folder: string): Promise<void> {
    if (folder === this.path) return;
    try {
      await mkdir(folder, { mode: 0o700 });
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT' || dirname(folder) === this.path) throw error;
      await this.make(dirname(folder));
      await this.make(folder);
    }
  }

  private async isMarked(): Promise<boolean> {
    try {
      await access(this.marker);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
      throw error;
    }
  }
}
