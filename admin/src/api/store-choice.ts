// The store that the desk works in. It is kept for each tab, so that two tabs can show two stores; a new tab begins with
// the store that was chosen last.

const KEY = 'stockroom.store';

let chosen: number | null = read();

function read(): number | null {
  const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  return text && /^[1-9]\d*$/.test(text) ? Number(text) : null;
}

/** The id that `X-Store-Id` carries, or null for the store that the server selects. */
export function currentStoreId(): number | null {
  return chosen;
}

export function rememberStoreId(id: number | null): void {
  chosen = id;
  for (const storage of [sessionStorage, localStorage]) {
    if (id === null) storage.removeItem(KEY);
    else storage.setItem(KEY, String(id));
  }
}
