/**
 * Returns the size in bytes of a text as a JSON string in UTF-8. It takes that much in a Temporal payload (I7): a control
 * character takes six bytes, for example. Does not use Buffer, because workflow code calls it.
 */
export function jsonBytes(text: string): number {
  let bytes = 2;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x20) bytes += unit === 8 || unit === 9 || unit === 10 || unit === 12 || unit === 13 ? 2 : 6;
    else if (unit === 0x22 || unit === 0x5c) bytes += 2;
    else if (unit < 0x80) bytes += 1;
    else if (unit < 0x800) bytes += 2;
    else if (unit < 0xd800 || unit > 0xdfff) bytes += 3;
    else if (unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      bytes += 4;
      i += 1;
    } else bytes += 6; // A lone surrogate is written as \udXXX.
  }
  return bytes;
}

/** Returns the size in bytes of any value as JSON in UTF-8. */
export function sizeAsJson(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
