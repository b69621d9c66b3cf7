// A client of the generated types, as an application would write it.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "../generated/schema.js";

export type Api = Client<paths>;
export type Problem = components["schemas"]["Problem"];

const baseUrl = `${process.env["BASE_URL"]}/api/v1`;

export function connect(token?: string): Api {
    const headers: Record<string, string> = token === undefined ? {} : { Authorization: `Bearer ${token}` };
    return createClient<paths>({ baseUrl, headers });
}

export async function signIn(email: string): Promise<Api> {
    const session = answered(await connect().POST("/auth/login", { body: { email, password: "stockroom-demo" } }));
    return connect(session.access_token);
}

// The body of an answer that must be a success.
export function answered<T>({ data, error }: { data?: T; error?: unknown }): T {
    if (data === undefined) {
        throw new Error(`refused: ${JSON.stringify(error)}`);
    }
    return data;
}

// The problem of an answer that must be a refusal.
export function refused<E>({ data, error }: { data?: unknown; error?: E }): E {
    if (error === undefined) {
        throw new Error(`not refused: ${JSON.stringify(data)}`);
    }
    return error;
}
