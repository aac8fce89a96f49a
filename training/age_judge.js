// Apparent age, gender and an identity descriptor of faces: face-api's networks (MIT), which no
// training here ever sees. usage: node age_judge.js CROPS.bin, which age_measure.py does.
// CROPS.bin: two little-endian u32, count and side, then count x side x side x RGB bytes.
// Prints one JSON line a crop: {"age", "male", "descriptor": 128 numbers}.
// Needs npm install --ignore-scripts @vladmandic/face-api@1.7.15 @tensorflow/tfjs@4.22.0
// @tensorflow/tfjs-backend-wasm@4.22.0, found through NODE_PATH.
const fs = require('fs');
const path = require('path');
const tf = require('@tensorflow/tfjs');
require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');

async function main(file) {
  await tf.setBackend('wasm');
  await tf.ready();
  const pack = require.resolve('@vladmandic/face-api/package.json');
  const folder = path.join(path.dirname(pack), 'model');
  const ages = faceapi.nets.ageGenderNet;
  const faces = faceapi.nets.faceRecognitionNet;
  await ages.loadFromDisk(folder);
  await faces.loadFromDisk(folder);
  const data = fs.readFileSync(file);
  const [count, side] = [data.readUInt32LE(0), data.readUInt32LE(4)];
  for (let i = 0; i < count; i++) {
    const bytes = data.subarray(8 + i * side * side * 3, 8 + (i + 1) * side * side * 3);
    const rgb = tf.tensor3d(Float32Array.from(bytes), [side, side, 3]);
    const who = await ages.predictAgeAndGender(rgb);
    const descriptor = await faces.computeFaceDescriptor(rgb);
    rgb.dispose();
    console.log(JSON.stringify({age: who.age, male: who.gender === 'male',
                                descriptor: Array.from(descriptor)}));
  }
}

main(process.argv[2]).catch((e) => { console.error(e.message); process.exit(1); });
