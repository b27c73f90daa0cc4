/**
 * The folder of a file store. It is created when a process first uses it. If it is missing later, the store cannot be
 * reached, and the folder is not created again.
 */
import { access, mkdir, open } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { PayloadStoreError } from './payload-store.ts';

/**
 * The name of the file that marks the store's folder, so that an empty mount point or a new folder is not mistaken for the
 * store.
 */
export const markerFile = '.holdfast-payloads';

export class StoreFolder {
  readonly path: string;
  private readonly marker: string;
  private isOpen = false;

  constructor(path: string) {
    this.path = resolve(path);
    this.marker = join(this.path, markerFile);
  }

  /** Throws `PayloadStoreError` if the folder is missing. Creates it on first use. */
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

  /** Creates a folder below this one, which must exist. */
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
