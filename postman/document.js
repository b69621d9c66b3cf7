// Compares answers with the OpenAPI document of the server: the status and the code are listed, the
// content type is the listed one, and the body is valid. An answer has no fields but those listed.
"use strict";

const Ajv = require("ajv/dist/2020");
const addFormats = require("ajv-formats");

const PREFIX = "/api/v1";
const COMPONENTS = "#/components/schemas/";

class Document {
    constructor(document) {
        this.document = document;
        this.ajv = addFormats(new Ajv({ strict: false, allErrors: true }));
        const schemas = Object.entries(document.components.schemas).map(([name, schema]) => [name, closed(schema)]);
        this.ajv.addSchema({ $id: "document", components: { schemas: Object.fromEntries(schemas) } });
        // A literal path comes before one with a name in braces.
        this.paths = Object.keys(document.paths).sort((a, b) => a.split("{").length - b.split("{").length);
    }

    // The differences between an answer and the document. Paths outside of the API are not described.
    faults(method, path, response) {
        if (!path.startsWith(PREFIX) || method === "HEAD" || method === "OPTIONS") {
            return [];
        }
        const known = this.paths.filter(known => fits(known, path.slice(PREFIX.length)));
        const operation = known.map(path => this.document.paths[path][method.toLowerCase()]).find(Boolean);
        const expected = operation?.responses[response.code] ?? this.#unknown(operation, known, response.code);
        const faults = expected ? this.#differences(this.#resolved(expected), response) : ["the status is not listed"];
        return faults.map(fault => `${method} ${path} (${response.code}): ${fault}`);
    }

    // A path that is not described is 404, a method that a path does not have is 405.
    #unknown(operation, known, code) {
        const isExpected = !operation && code === (known.length > 0 ? 405 : 404);
        const problem = { "application/problem+json": { schema: { $ref: `${COMPONENTS}Problem` } } };
        return isExpected ? { content: problem } : undefined;
    }

    #resolved(expected) {
        return expected.$ref ? this.document.components.responses[expected.$ref.split("/").pop()] : expected;
    }

    #differences(expected, response) {
        const text = response.text();
        if (!expected.content) {
            return text ? ["there is a body"] : [];
        }
        const type = response.headers.get("content-type");
        const kind = type?.replace("; charset=utf-8", "");
        const isText = type !== kind && ["text/html", "text/csv"].includes(kind);
        const form = expected.content[isText ? kind : type];
        if (!form) {
            return [`the content type is none of ${Object.keys(expected.content)}`];
        }
        const { schema } = form;
        const body = isText ? text : JSON.parse(text);
        const codes = expected["x-codes"];
        const unlisted = codes && !codes.includes(body.code) ? [`the code ${body.code} is not listed`] : [];
        return [...unlisted, ...this.#invalid(schema, body)];
    }

    #invalid(schema, body) {
        const absolute = JSON.parse(JSON.stringify(schema).replaceAll(COMPONENTS, `document${COMPONENTS}`));
        const validate = this.ajv.compile(absolute);
        return validate(body) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
    }
}

function fits(known, path) {
    const [own, asked] = [known, path].map(path => path.replace(/\/$/, "").split("/"));
    return own.length === asked.length && own.every((part, index) => (part.startsWith("{") ? asked[index] : part === asked[index]));
}

function closed(schema) {
    return schema.properties ? { additionalProperties: false, ...schema } : schema;
}

async function readDocument(baseUrl) {
    return new Document(await (await fetch(`${baseUrl}/openapi.json`)).json());
}

module.exports = { readDocument };
