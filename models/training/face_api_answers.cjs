// What @vladmandic/face-api answers to the pictures of a task, for check_face_api.py: node face_api_answers.cjs TASK.json
const fs = require('fs');
const path = require('path');
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');
const faceapi = require('@vladmandic/face-api/dist/face-api.node-wasm.js');

const folder = (name) => path.dirname(require.resolve(`${name}/package.json`));

async function main(file) {
  wasm.setWasmPaths(`${folder('@tensorflow/tfjs-backend-wasm')}/wasm-out/`);
  await tf.setBackend('wasm');
  await tf.ready();
  const { tinyFaceDetector, faceExpressionNet } = faceapi.nets;
  for (const net of [tinyFaceDetector, faceExpressionNet]) await net.loadFromDisk(`${folder('@vladmandic/face-api')}/model`);
  const task = JSON.parse(fs.readFileSync(file));
  const answers = [];
  for (const { file: pixels, height, width } of task.pictures) {
    const picture = tf.tensor3d(new Uint8Array(fs.readFileSync(pixels)), [height, width, 3], 'int32');
    const answer = { expression: Object.values(await faceExpressionNet.predictExpressions(picture)) };
    for (const inputSize of task.sizes) {
      const found = await tinyFaceDetector.locateFaces(picture, { inputSize, scoreThreshold: task.threshold });
      answer[inputSize] = found.map(({ relativeBox: b, score }) => [b.left, b.top, b.right, b.bottom, score]);
    }
    answers.push(answer);
    picture.dispose();
  }
  fs.writeFileSync(file.replace(/\.json$/, '.answers.json'), JSON.stringify(answers));
}

main(process.argv[2]);
