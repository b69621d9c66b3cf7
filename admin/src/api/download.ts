import { BASE_URL, commonHeaders, noteRefusal } from './client';
import { ApiProblem } from './problem';

/**
 * Downloads a file of the API, such as `/exports?kind=stock`, and hands it to the browser. A plain link could not name the
 * store, and would keep a half file if the connection breaks.
 */
export async function download(path: string, fallbackName: string): Promise<void> {
  const { file, name } = await reported(async () => {
    const response = await get(path);
    const given = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1];
    return { file: await response.blob(), name: given ?? fallbackName };
  });
  hand(file, name);
}

/** Downloads pages of CSV as one file. Each page begins with the same line of names. */
export async function downloadPages(paths: string[], name: string): Promise<void> {
  const parts = await reported(async () => {
    const read: string[] = [];
    for (const path of paths) {
      const text = await (await get(path)).text();
      read.push(read.length === 0 ? text : text.slice(text.indexOf('\n') + 1));
    }
    return read;
  });
  hand(new Blob(parts, { type: 'text/csv' }), name);
}

async function get(path: string): Promise<Response> {
  const response = await fetch(BASE_URL + path, { headers: commonHeaders() });
  if (!response.ok) throw await ApiProblem.fromResponse(response);
  return response;
}

/** Every failure is an `ApiProblem`, and the end of the session is noticed. */
async function reported<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const problem = ApiProblem.fromFailure(error);
    noteRefusal(problem);
    throw problem;
  }
}

function hand(file: Blob, name: string): void {
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the address after this task.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
