import { BASE_URL, commonHeaders, noteRefusal } from './client';
import { ApiProblem } from './problem';

/**
 * Downloads a file of the API, such as `/exports?kind=stock`, and hands it to the browser. A plain link could not name the
 * store, and would keep a half file if the connection breaks.
 */
export async function download(path: string, fallbackName: string): Promise<void> {
  let file: Blob;
  let name = fallbackName;
  try {
    const response = await fetch(BASE_URL + path, { headers: commonHeaders() });
    if (!response.ok) throw await ApiProblem.fromResponse(response);
    name = /filename="?([^";]+)/.exec(response.headers.get('Content-Disposition') ?? '')?.[1] ?? fallbackName;
    file = await response.blob();
  } catch (error) {
    const problem = ApiProblem.fromFailure(error);
    noteRefusal(problem);
    throw problem;
  }
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The browser reads the address after this task.
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
