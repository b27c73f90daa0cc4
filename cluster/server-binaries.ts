/** Absolute paths. */
export interface ServerBinaries {
  readonly server: string;
  readonly sqlTool: string;
}
