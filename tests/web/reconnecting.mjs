// The built client against a server that cuts its answer after each byte in turn, or each
// few bytes, by closing the connection, by resetting it, or by silence. It must end with the value.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";

const [client, file, step] = process.argv.slice(2);
const { connect } = await import(client);
const { body, final } = JSON.parse(readFileSync(file, "utf8"));
const bytes = Buffer.from(body);
const seen = new Map(); // by path: the requests so far
const server = createServer((request, response) => {
  const [, way, cut] = request.url.split("/");
  const count = (seen.get(request.url) ?? 0) + 1;
  seen.set(request.url, count);
  if (request.headers["last-event-id"] === "end") return response.writeHead(204).end();
  if (way === "proxy" && count === 2) return response.writeHead(503, { "content-type": "text/html" }).end("<p>Soon");
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (count > 1) return response.end(bytes);
  response.write(bytes.subarray(0, +cut), () => {
    if (way === "silent") return;
    setImmediate(() => (way === "reset" ? response.socket.resetAndDestroy() : response.destroy()));
  });
});
server.listen(0, "127.0.0.1", () => void main());

const read = (url, options) =>
  new Promise((resolve) => {
    const connection = connect(url, options);
    const states = [];
    const leave = connection.subscribe(() => {
      const { status } = connection.get();
      if (states.at(-1) !== status) states.push(status);
      if (status === "done" || status === "error") resolve({ ...connection.get(), states }), leave();
    });
  });

async function main() {
  const url = `http://127.0.0.1:${server.address().port}`;
  const cuts = [...Array(bytes.length).keys()].filter((cut) => cut % +step === 0);
  const runs = ["close", "reset"].flatMap((way) => cuts.map((cut) => `${way}/${cut}`));
  runs.push("proxy/300");
  const failed = [];
  while (runs.length)
    await Promise.all(
      runs.splice(0, 50).map(async (run) => {
        const { value, status, error } = await read(`${url}/${run}`);
        if (status !== "done" || JSON.stringify(value) !== JSON.stringify(final)) failed.push([run, status, error, value]);
      }),
    );
  const silent = await read(`${url}/silent/300`, { silence: 30 });
  const gone = await read("http://127.0.0.1:9/", { retries: 2 });
  console.log(JSON.stringify({ cuts: cuts.length, failed: failed.slice(0, 3), silent, gone: gone.error }));
  process.exit();
}
