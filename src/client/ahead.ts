/**
 * `map` of each item, in their order, with at most `atATime` of them under way or waiting to be taken. Throws what `items`
 * or `map` throws, in its turn. Who stops taking stops it.
 */
export async function* ahead<T, R>(
  items: AsyncIterable<T>,
  atATime: number,
  map: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for await (const item of items) {
    const mapped = map(item);
    mapped.catch(() => undefined); // It is thrown when it is taken, if it ever is.
    underWay.push(mapped);
    if (underWay.length >= atATime) yield (await underWay.shift()) as R;
  }
  for (const rest of underWay) yield await rest;
}
