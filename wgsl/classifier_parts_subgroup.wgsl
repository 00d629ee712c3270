// classifier_parts in tiles like matmul_subgroup_nt's, each reduced in registers; a subgroup joins its lanes at the end
enable subgroups;

const R: u32 = 16u; // param: rows
const C: u32 = 64u; // param: width, a multiple of SUBGROUP
const V: u32 = 64u; // param: vocabulary
const SLICE: u32 = 128u; // param: columns of a slice, a multiple of SUBGROUP * COLUMNS
const PARTS: u32 = 1u; // param: slices of a row
const TEMPERED: bool = false; // param: divide by knobs[TEMPERATURE]; otherwise knobs is any tensor and not read
const TEMPERATURE: u32 = 0u; // param: index in knobs
const BANNED: u32 = 0u; // param: bit v set = token v < 32 has probability 0
const SUBGROUP: u32 = 8u; // param: lanes of a subgroup on this adapter, a multiple of 4
const ROWS: u32 = 8u; // param: rows of a tile
const VECTORS: u32 = 2u; // param: groups of 4 columns per invocation
const UNROLL: bool = false; // param: write out the steps of k that were loaded at once
const STRIDE: u32 = C / 4u; // vectors in a row of W
const COLUMNS: u32 = 4u * VECTORS;
const LOWEST: f32 = -1e30;

@group(0) @binding(0) var<storage, read> h: array<f32>; // (R,C)
@group(0) @binding(1) var<storage, read> w: array<vec4f>; // (V,C/4)
@group(0) @binding(2) var<storage, read> targets: array<i32>; // (R) read as the nearest valid token
@group(0) @binding(3) var<storage, read> knobs: array<f32>; // live scalars
@group(0) @binding(4) var<storage, read_write> parts: array<f32>; // (R,PARTS,3)
@group(0) @binding(5) var<storage, read_write> hits: array<f32>; // (R) logit of the target

fn excluded(v: u32) -> bool { return v >= V || (v < 32u && ((BANNED >> (v & 31u)) & 1u) == 1u); }

@compute @workgroup_size(SUBGROUP)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_invocation_id) lane: u32) {
  let row = group.y * ROWS;
  let first = group.x * SLICE;
  var scale = 1.0;
  if (TEMPERED) { scale = 1.0 / knobs[TEMPERATURE]; }
  // what is out of range reads a valid neighbour: rows are dropped when stored, columns excluded
  var row_start = array<u32, ROWS>();
  var most = array<f32, ROWS>();
  for (var i = 0u; i < ROWS; i++) { // unroll
    row_start[i] = min(row + i, R - 1u) * C + lane;
    most[i] = LOWEST;
  }
  var total = array<f32, ROWS>();
  var product = array<f32, ROWS>();
  for (var block = first; block < min(V, first + SLICE); block += SUBGROUP * COLUMNS) {
    var at = array<u32, COLUMNS>();
    for (var j = 0u; j < COLUMNS; j++) { // unroll
      at[j] = min(block + lane + j * SUBGROUP, V - 1u) * STRIDE;
    }
    var sums = array<vec4f, ROWS * VECTORS>();
    for (var k = 0u; k < C; k += SUBGROUP) {
      var x = array<f32, ROWS>();
      for (var i = 0u; i < ROWS; i++) { // unroll
        x[i] = h[row_start[i] + k];
      }
      for (var q = 0u; q < SUBGROUP; q += 4u) { // unroll if UNROLL
        var v = array<vec4f, COLUMNS>();
        for (var j = 0u; j < COLUMNS; j++) { // unroll
          v[j] = w[at[j] + (k + q) / 4u];
        }
        for (var p = 0u; p < 4u; p++) { // unroll
          for (var i = 0u; i < ROWS; i++) { // unroll
            let y = subgroupShuffle(x[i], q + p);
            for (var j = 0u; j < VECTORS; j++) { // unroll
              sums[i * VECTORS + j] += y * vec4f(v[4u * j][p], v[4u * j + 1u][p], v[4u * j + 2u][p], v[4u * j + 3u][p]);
            }
          }
        }
      }
    }
    // added to z: 0, or so little that nothing else of it is left
    var handicap = array<vec4f, VECTORS>();
    for (var j = 0u; j < COLUMNS; j++) { // unroll
      handicap[j / 4u][j % 4u] = select(0.0, LOWEST, excluded(block + lane + j * SUBGROUP));
    }
    for (var i = 0u; i < ROWS; i++) { // unroll
      var top = vec4f(most[i]);
      for (var j = 0u; j < VECTORS; j++) { // unroll
        sums[i * VECTORS + j] = sums[i * VECTORS + j] * scale + handicap[j];
        top = max(top, sums[i * VECTORS + j]);
      }
      let largest = max(max(top.x, top.y), max(top.z, top.w));
      // what was summed so far is relative to the old maximum
      let shift = max(most[i] - largest, -80.0);
      let factor = exp(shift);
      var e = vec4f();
      var ez = vec4f();
      for (var j = 0u; j < VECTORS; j++) { // unroll
        // the handicap again for blocks without any other column, where LOWEST is the largest
        let z = max(sums[i * VECTORS + j] - largest + handicap[j], vec4f(-100.0));
        let y = exp(z);
        e += y;
        ez += y * z;
      }
      product[i] = factor * (product[i] + shift * total[i]) + (ez.x + ez.y + ez.z + ez.w);
      total[i] = factor * total[i] + (e.x + e.y + e.z + e.w);
      most[i] = largest;
    }
  }
  for (var i = 0u; i < ROWS; i++) { // unroll
    let largest = subgroupMax(most[i]);
    let shift = max(most[i] - largest, -80.0);
    let sum = subgroupAdd(exp(shift) * total[i]);
    let terms = subgroupAdd(exp(shift) * (product[i] + shift * total[i]));
    if (lane == 0u && row + i < R) {
      let to = 3u * ((row + i) * PARTS + group.x);
      parts[to] = largest;
      parts[to + 1u] = sum;
      parts[to + 2u] = terms;
    }
  }
  // the targets' logits once more, a row per lane: one of V columns costs less than looking for it among all
  for (var r = row + lane; r < min(R, row + ROWS); r += SUBGROUP) {
    let id = u32(clamp(targets[r], 0, i32(V) - 1));
    var logit = 0.0;
    for (var k = select(C, 0u, id / SLICE == group.x); k < C; k += 4u) {
      logit += dot(vec4f(h[r * C + k], h[r * C + k + 1u], h[r * C + k + 2u], h[r * C + k + 3u]), w[id * STRIDE + k / 4u]);
    }
    if (id / SLICE == group.x) { hits[r] = logit; }
  }
}
