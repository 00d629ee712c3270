// mask = 1 up to and including the first EOS of each response, or before its padding; one thread per response

const B: u32 = 4u; // param: responses
const G: u32 = 8u; // param: tokens of a response
const EOS: i32 = 1; // param: id of the end of a text
const PAD: i32 = -1; // param: id of what fills up a response that was cut; -1 = none is cut short of G

@group(0) @binding(0) var<storage, read> response: array<i32>; // (B,G)
@group(0) @binding(1) var<storage, read_write> mask: array<f32>; // (B,G)
@group(0) @binding(2) var<storage, read_write> length: array<u32>; // (B)
@group(0) @binding(3) var<storage, read_write> ended: array<f32>; // (B)
@group(0) @binding(4) var<storage, read_write> last: array<u32>; // (B)

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) lane: u32) {
  let b = (group.y * groups.x + group.x) * 64u + lane;
  if (b >= B) { return; }
  var over = false;
  var end = false;
  var count = 0u;
  for (var j = 0u; j < G; j++) {
    let token = response[b * G + j];
    over = over || token == PAD;
    mask[b * G + j] = select(1.0, 0.0, over);
    count += select(1u, 0u, over);
    end = end || (token == EOS && !over);
    over = over || end;
  }
  length[b] = count;
  ended[b] = select(0.0, 1.0, end);
  last[b] = max(count, 1u) - 1u;
}
