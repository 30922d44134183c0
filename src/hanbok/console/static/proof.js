// A line of the log proves itself: its digest is the SHA-256 of every byte before it.

const SEAM = ',"digest":"';

/** Whether this browser can compute digests: only over HTTPS or on this machine itself. */
export const able = Boolean(globalThis.crypto?.subtle);

/** Tells whether the digest in a raw line of the log fits the bytes before it, and is the one that was named. */
export async function fits(raw, digest) {
  const seam = raw.lastIndexOf(SEAM);
  if (seam < 0 || raw.slice(seam) !== `${SEAM}${digest}"}`) return false;
  return (await sha256(raw.slice(0, seam))) === digest;
}

async function sha256(text) {
  const sum = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(sum), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
