import { isTextField } from './shortcuts';

/** Scanners send a character every few milliseconds. People who type fast need over 60 for each. */
const MAX_GAP_MS = 45;
const MIN_LENGTH = 4;

/** Recognizes the keys of a scanner: at least four characters in quick succession, ended by Enter or Tab. */
export class WedgeReader {
  private text = '';
  private lastAt = 0;
  private field: { element: HTMLInputElement | HTMLTextAreaElement; before: string } | null = null;

  constructor(private readonly onCode: (code: string) => void) {}

  onKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return this.reset();
    const isQuick = event.timeStamp - this.lastAt <= MAX_GAP_MS;
    if (event.key === 'Shift') return;
    this.lastAt = event.timeStamp;
    if (event.key === 'Enter' || event.key === 'Tab') {
      if (isQuick && this.text.length >= MIN_LENGTH) this.finish(event);
      return this.reset();
    }
    if (event.key.length !== 1) return this.reset();
    if (!isQuick) this.begin(event.target);
    this.text += event.key;
  }

  private begin(target: EventTarget | null): void {
    this.text = '';
    const isField = isTextField(target) && (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement);
    this.field = isField ? { element: target, before: target.value } : null;
  }

  private finish(event: KeyboardEvent): void {
    // The field is meant for codes: it gets them as if they were typed.
    if (this.field?.element.dataset.scan === 'field') return;
    event.preventDefault();
    event.stopPropagation();
    const code = this.text.trim();
    if (this.field) restore(this.field.element, this.field.before);
    this.onCode(code);
  }

  private reset(): void {
    this.text = '';
    this.field = null;
  }
}

/** Takes the scanned characters back, in a way that React notices. */
function restore(element: HTMLInputElement | HTMLTextAreaElement, value: string): void {
  const prototype = element instanceof HTMLInputElement ? HTMLInputElement.prototype : HTMLTextAreaElement.prototype;
  Object.getOwnPropertyDescriptor(prototype, 'value')?.set?.call(element, value);
  element.dispatchEvent(new Event('input', { bubbles: true }));
}
