// Operands of a product as panels: what a tile multiplies lies side by side (Goto & van de Geijn 2008).

/** Four rows of kc elements, `along` bytes apart, to kc groups of four, 32 bytes apart. */
function packTransposed(from: usize, along: usize, kc: i32, to: usize): void {
  let k = 0;
  for (; k + 4 <= kc; k += 4, from += 16, to += 128) {
    transpose4(from, along, to, 32);
  }
  for (; k < kc; k++, from += 4, to += 32) {
    for (let j = 0; j < 4; j++) {
      store<f32>(to + ((<usize>j) << 2), load<f32>(from + <usize>j * along));
    }
  }
}

/** A 4x4 block: rows `along` bytes apart become columns, written `step` bytes apart. */
function transpose4(from: usize, along: usize, to: usize, step: usize): void {
  const r0 = v128.load(from);
  const r1 = v128.load(from + along);
  const r2 = v128.load(from + 2 * along);
  const r3 = v128.load(from + 3 * along);
  const s0 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5);
  const s1 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5);
  const s2 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const s3 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(s0, s1, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(s0, s1, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(s2, s3, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(s2, s3, 2, 3, 6, 7));
}

/** Packs kc x nc elements of opB(B) into panels of eight columns, the last padded with zeros. */
export function packB(b: usize, step: usize, along: usize, kc: i32, nc: i32, out: usize): void {
  for (let n = 0; n < nc; n += 8) {
    if (along == 4 && n + 8 <= nc) {
      let from = b + ((<usize>n) << 2);
      for (let k = 0; k < kc; k++) {
        v128.store(out, v128.load(from));
        v128.store(out, v128.load(from, 16), 16);
        from += step;
        out += 32;
      }
      continue;
    }
    if (step == 4 && n + 8 <= nc) {
      packTransposed(b + <usize>n * along, along, kc, out);
      packTransposed(b + <usize>(n + 4) * along, along, kc, out + 16);
      out += (<usize>kc) << 5;
      continue;
    }
    for (let j = 0; j < 8; j++) {
      let to = out + ((<usize>j) << 2);
      let from = b + <usize>(n + j) * along;
      const inside = n + j < nc;
      for (let k = 0; k < kc; k++) {
        store<f32>(to, inside ? load<f32>(from) : 0);
        from += step;
        to += 32;
      }
    }
    out += (<usize>kc) << 5;
  }
}

/** Packs `rows` <= 4 rows of opA(A) as kc groups of four, the missing rows as zeros. */
export function packA(a: usize, step: usize, along: usize, kc: i32, rows: i32, out: usize): void {
  let k = 0;
  if (rows == 4 && along == 4) {
    for (; k < kc; k++) v128.store(out + ((<usize>k) << 4), v128.load(a + <usize>k * step));
    return;
  }
  if (rows == 4 && step == 4) {
    for (; k + 4 <= kc; k += 4) {
      transpose4(a + ((<usize>k) << 2), along, out + ((<usize>k) << 4), 16);
    }
  }
  for (; k < kc; k++) {
    for (let i = 0; i < 4; i++) {
      const value = i < rows ? load<f32>(a + <usize>k * step + <usize>i * along) : 0;
      store<f32>(out + ((<usize>(k * 4 + i)) << 2), value);
    }
  }
}
