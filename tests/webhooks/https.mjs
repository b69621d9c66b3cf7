// A receiver with HTTPS: node https.mjs CERTIFICATE KEY
//
// It prints its port, then the headers and the body of each request as a line of JSON.

import { readFileSync } from "node:fs";
import { createServer } from "node:https";

const [cert, key] = process.argv.slice(2).map(path => readFileSync(path));

const server = createServer({ cert, key }, async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    console.log(JSON.stringify({ headers: request.headers, body: Buffer.concat(chunks).toString() }));
    response.writeHead(204).end();
});

server.listen(0, "127.0.0.1", () => console.log(server.address().port));
