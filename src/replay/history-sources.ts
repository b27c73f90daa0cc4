export declare function fromPaths(paths: string[]): AsyncIterable<{ name: string; history: unknown }>;
