// A line of the log proves itself: its digest is the hash of its entry as a leaf of the log's Merkle tree.

const SEAM = '","entry":';

/** Whether this browser can compute digests: only over HTTPS or on this machine itself. */
export const able = Boolean(globalThis.crypto?.subtle);

/** Tells whether the digest in a raw line of the log fits its entry, and is the one that was named. */
export async function fits(raw, digest) {
  const seam = raw.indexOf(SEAM);
  if (seam < 0 || !raw.endsWith("}") || !raw.slice(0, seam).endsWith(`,"leaf":"${digest}`)) return false;
  return (await sha256(`\0${raw.slice(seam + SEAM.length, -1)}`)) === digest;
}

async function sha256(text) {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
