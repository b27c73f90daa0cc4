/** Absolute paths of the Temporal server and of its SQL tool. */
export interface ServerBinaries {
  readonly server: string;
  readonly sqlTool: string;
}
