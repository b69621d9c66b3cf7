/** The nonce of the page's content security policy. The server writes it into the page, and another one each time. */
export function nonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? '';
}
