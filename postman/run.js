// Runs the collection against a server: run.js BASE_URL [--record].
//
// Every answer must look like the one that is saved with its request: the same status, the same
// fields. It must be as the server's OpenAPI document says. With --record the answers replace the saved ones.
"use strict";

const fs = require("fs");
const path = require("path");
const newman = require("newman");
const { readDocument } = require("./document");

const FILE = path.join(__dirname, "stockroom.postman_collection.json");
const ENVIRONMENT = path.join(__dirname, "local.postman_environment.json");
const KEPT_HEADERS = ["content-type", "allow", "idempotent-replayed", "location", "retry-after"];
const MOST_LINES = 40;

async function main(baseUrl, mode) {
    const collection = JSON.parse(fs.readFileSync(FILE, "utf8"));
    const requests = new Map(requestsOf(collection).map(request => [request.id, request]));
    if (mode !== "--record") {
        stopFor(checkRequests([...requests.values()]));
    }
    const answers = new Map();
    const document = await readDocument(baseUrl);
    const differences = [];
    const options = {
        collection,
        environment: JSON.parse(fs.readFileSync(ENVIRONMENT, "utf8")),
        envVar: [{ key: "base_url", value: baseUrl }],
        reporters: "cli",
        reporter: { cli: { noSuccessAssertions: true, noBanner: true } },
    };
    newman
        .run(options)
        .on("request", (error, { item, request, response }) => {
            if (!error) {
                differences.push(...document.faults(request.method, request.url.getPath(), response));
            }
            // An item may send requests by its scripts as well. The first answer is its own.
            if (!error && requests.has(item.id) && !answers.has(item.id)) {
                answers.set(item.id, exampleOf(requests.get(item.id), response));
            }
        })
        .on("done", (error, summary) => {
            if (error || summary.run.failures.length > 0) {
                process.exit(1);
            }
            if (differences.length > 0) {
                console.error(`The OpenAPI document differs from these answers:\n${differences.join("\n")}`);
                process.exit(1);
            }
            if (mode === "--record") {
                record(collection, requests, answers);
            } else {
                stopFor([...requests.values()].flatMap(request => compare(request, answers.get(request.id))));
            }
        });
}

// The requests below a folder, in order.
function requestsOf(folder) {
    return folder.item.flatMap(one => (one.item ? requestsOf(one) : [one]));
}

// A request without a description or an example helps nobody.
function checkRequests(requests) {
    return requests.flatMap(({ name, request, response }) => [
        ...(request.description ? [] : [`'${name}' has no description`]),
        ...(response.length > 0 ? [] : [`'${name}' has no saved answer`]),
    ]);
}

function stopFor(faults) {
    if (faults.length > 0) {
        console.error(faults.join("\n"));
        console.error("Add the descriptions, and save new answers: scripts/postman.sh --record");
        process.exit(1);
    }
}

// An answer as Postman saves it with the request.
function exampleOf({ request }, response) {
    const { description: _, auth: __, ...originalRequest } = request;
    const header = response.headers
        .all()
        .filter(({ key }) => KEPT_HEADERS.includes(key.toLowerCase()))
        .map(({ key, value }) => ({ key: key.toLowerCase(), value }))
        .sort((a, b) => (a.key < b.key ? -1 : 1));
    const type = response.headers.get("content-type") ?? "";
    return {
        name: `${response.code} ${response.reason()}`,
        originalRequest,
        status: response.reason(),
        code: response.code,
        _postman_previewlanguage: type.includes("json") ? "json" : "text",
        header,
        cookie: [],
        body: printed(response.text(), type),
    };
}

// JSON on several lines and without secrets. Whole documents are cut.
function printed(text, type) {
    const lines = (type.includes("json") ? indented(text) : text).split("\n");
    const documents = lines.length > 10 * MOST_LINES || type.startsWith("text/plain");
    return documents && lines.length > MOST_LINES ? [...lines.slice(0, MOST_LINES), "…"].join("\n") : lines.join("\n");
}

// Amounts keep their decimals (`150.00`): they pass the parser as marked strings.
function indented(json) {
    const marked = json.replace(/"(?:[^"\\]|\\.)*"|-?\d+\.\d+/g, part => (part.startsWith('"') ? part : `"\\u0001${part}"`));
    return JSON.stringify(JSON.parse(marked), hidden, 2).replace(/"\\u0001([^"]*)"/g, "$1");
}

function hidden(key, value) {
    return /(_token|^secret)$/.test(key) && typeof value === "string" ? `<${key.replace("_", " ")}>` : value;
}

function compare({ name, response: [saved] }, answer) {
    if (!answer) {
        return [`'${name}' was not sent`];
    }
    const [before, now] = [saved, answer].map(({ code, body }) => `${code} with ${fieldsOf(body)}`);
    return before === now ? [] : [`'${name}': the saved answer is ${before}, the server's answer is ${now}`];
}

function fieldsOf(body) {
    try {
        const value = JSON.parse(body);
        return Object.keys(Array.isArray(value) ? (value[0] ?? {}) : value).sort().join(", ");
    } catch {
        return "text";
    }
}

function record(collection, requests, answers) {
    for (const [id, request] of requests) {
        request.response = [answers.get(id)];
    }
    fs.writeFileSync(FILE, `${JSON.stringify(collection, null, 2)}\n`);
}

main(...process.argv.slice(2));
