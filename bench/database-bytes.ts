/**
 * Reads the exact size of a SQLite database in use. The sizes of its files are not enough: the main file grows only at
 * checkpoints, and the write-ahead log never shrinks. So this code reads the size that the last commit in the log states, or
 * the size that the main file states if the log has no commit. Formats: https://www.sqlite.org/fileformat2.html, sections 1.3
 * and 4.1.
 */
import { open, type FileHandle } from 'node:fs/promises';

const logHeaderBytes = 32;
const frameHeaderBytes = 24;

/** Returns the size of the database in bytes; undefined while its file does not exist. */
export async function databaseBytes(path: string): Promise<number | undefined> {
  const main = await openOrNone(path);
  if (!main) return undefined;
  const log = await openOrNone(`${path}-wal`);
  try {
    const header = await bytesAt(main, 0, 32);
    const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
    const pages = (log && (await pagesByLog(log, pageSize))) ?? header.readUInt32BE(28);
    return pages * pageSize;
  } finally {
    await main.close();
    await log?.close();
  }
}

/**
 * Returns the database's size in pages according to the last commit in the log; undefined if the log has no commit. A commit
 * frame states the size after the commit. Only frames with the same salts as the log's header belong to the log's current
 * round.
 */
async function pagesByLog(log: FileHandle, pageSize: number): Promise<number | undefined> {
  const { size } = await log.stat();
  if (size < logHeaderBytes) return undefined;
  const salts = (await bytesAt(log, 0, logHeaderBytes)).subarray(16, 24);
  let pages: number | undefined;
  const step = frameHeaderBytes + pageSize;
  for (let at = logHeaderBytes; at + frameHeaderBytes <= size; at += step) {
    const frame = await bytesAt(log, at, frameHeaderBytes);
    if (!frame.subarray(8, 16).equals(salts)) break;
    pages = frame.readUInt32BE(4) || pages;
  }
  return pages;
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer;
}

async function openOrNone(path: string): Promise<FileHandle | undefined> {
  return open(path, 'r').catch(() => undefined);
}
