import { checked } from './client';

/**
 * A file is given up if none of it moves for this long, however long the whole takes. It is longer than the time for
 * another answer, because a system holds up to a megabyte between the browser and a slow line.
 */
const QUIET_MS = 90_000;

/** Sends the request of a file. Only an `XMLHttpRequest` says how much of it has left. */
export function upload(request: Request): Promise<Response> {
  return checked(request, exchange);
}

async function exchange(request: Request): Promise<Response> {
  const body = await request.blob();
  return new Promise((resolve, reject) => {
    const transfer = new XMLHttpRequest();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waitForMore = () => {
      clearTimeout(timer);
      timer = setTimeout(() => transfer.abort(), QUIET_MS);
    };
    const fail = () => reject(new Error('The connection broke while a file was sent'));
    transfer.open(request.method, request.url);
    for (const [name, value] of request.headers) transfer.setRequestHeader(name, value);
    transfer.responseType = 'arraybuffer';
    transfer.upload.onprogress = waitForMore;
    transfer.onprogress = waitForMore;
    transfer.onload = () => resolve(responseOf(transfer));
    transfer.onerror = fail;
    transfer.onabort = fail;
    transfer.onloadend = () => clearTimeout(timer);
    request.signal.addEventListener('abort', () => transfer.abort());
    waitForMore();
    transfer.send(body);
  });
}

function responseOf(transfer: XMLHttpRequest): Response {
  const { status, statusText } = transfer;
  const body = transfer.response as ArrayBuffer;
  const lines = transfer.getAllResponseHeaders().split('\r\n').filter(Boolean);
  const headers = lines.map((line): [string, string] => {
    const at = line.indexOf(':');
    return [line.slice(0, at), line.slice(at + 1).trim()];
  });
  return new Response(body.byteLength > 0 ? body : null, { status, statusText, headers });
}
