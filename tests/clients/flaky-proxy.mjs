// A proxy before the server under test: the first events that each key sends are answered 503, everything else is passed on.
// Prints its own URL. Environment: UPSTREAM (URL), CERTIFICATE, KEY (PEM files).
import { readFileSync } from "node:fs";
import https from "node:https";

const { UPSTREAM, CERTIFICATE, KEY } = process.env;
const refused = new Set();

async function answer(request, response) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const key = request.headers["x-api-key"];
  if (request.url === "/v3/events" && !refused.has(key)) {
    refused.add(key);
    response.writeHead(503, { "content-type": "text/plain" }).end("come again");
    return;
  }
  const headers = { ...request.headers };
  for (const name of ["host", "connection", "content-length", "transfer-encoding"]) delete headers[name];
  const body = ["GET", "HEAD"].includes(request.method) ? undefined : Buffer.concat(chunks);
  const upstream = await fetch(UPSTREAM + request.url, { method: request.method, headers, body });
  const text = Buffer.from(await upstream.arrayBuffer());
  response.writeHead(upstream.status, { "content-type": upstream.headers.get("content-type") ?? "text/plain" }).end(text);
}

const server = https.createServer({ cert: readFileSync(CERTIFICATE), key: readFileSync(KEY) }, (request, response) => {
  answer(request, response).catch((error) => response.writeHead(502).end(String(error)));
});
server.listen(0, "127.0.0.1", () => console.log(`https://127.0.0.1:${server.address().port}`));
