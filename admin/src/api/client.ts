import createFetchClient from 'openapi-fetch';
import createQueryClient from 'openapi-react-query';

import { ApiProblem } from './problem';
import type { components, paths } from './schema';
import { currentStoreId } from './store-choice';

/** The types of the API's objects: `Schemas['OrderResponse']`. */
export type Schemas = components['schemas'];

export const BASE_URL = '/api/v1';

/** The server answers within five seconds or refuses; what takes longer is a broken connection. Files have `upload`. */
const TIMEOUT_MS = 20_000;

let onSignedOut: () => void = () => {};

/** Sets what happens if the server no longer knows the session. */
export function setSignedOutListener(listener: () => void): void {
  onSignedOut = listener;
}

/** The headers of every request. The cookie of the session is added by the browser, and no script can read it. */
export function commonHeaders(): Record<string, string> {
  const store = currentStoreId();
  return { 'X-Requested-With': 'desk', ...(store === null ? {} : { 'X-Store-Id': String(store) }) };
}

/** Notes that the server no longer knows the session. */
export function noteRefusal(problem: ApiProblem): void {
  if (problem.status === 401 && problem.code !== 'INVALID_CREDENTIALS') onSignedOut();
}

/** Exchanges a request for its answer. Every failure is thrown as an `ApiProblem`. */
export async function checked(request: Request, exchange: (request: Request) => Promise<Response>): Promise<Response> {
  let answer: Response;
  try {
    answer = await exchange(request);
  } catch (error) {
    // An aborted query is not a problem: its page was left.
    if (request.signal.aborted) throw error;
    throw ApiProblem.fromFailure(error);
  }
  if (answer.ok) return answer;
  const problem = await ApiProblem.fromResponse(answer);
  noteRefusal(problem);
  throw problem;
}

/** The body is read here, so that a connection that breaks in the middle is a lost answer like any other. */
async function fetchWhole(request: Request): Promise<Response> {
  const limit = new AbortController();
  const timer = setTimeout(() => limit.abort(), TIMEOUT_MS);
  try {
    const response = await fetch(request, { signal: AbortSignal.any([request.signal, limit.signal]) });
    const body = await response.arrayBuffer();
    const { status, statusText, headers } = response;
    return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
  } finally {
    clearTimeout(timer);
  }
}

/** Sends requests. Every failure is thrown as an `ApiProblem`. */
export const client = createFetchClient<paths, 'application/json'>({
  baseUrl: BASE_URL,
  fetch: (request) => checked(request, fetchWhole),
});

client.use({
  onRequest({ request }) {
    for (const [name, value] of Object.entries(commonHeaders())) {
      if (!request.headers.has(name)) request.headers.set(name, value);
    }
    return request;
  },
});

/** `api.useQuery('get', '/orders', { params: { query } })`. The key of a query is `['get', '/orders', init]`. */
export const api = createQueryClient(client);
