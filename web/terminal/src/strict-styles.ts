/**
 * The page allows style sheets of its own files and of its nonce, and no style attributes in markup. What xterm.js writes comes
 * in the two ways that are left: its style elements get the nonce, its style attributes are set as properties.
 */
export function writeStylesStrictly(page: Document): void {
  const nonce = page.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? ''
  const create = page.createElement.bind(page)
  page.createElement = (name: string, options?: ElementCreationOptions): HTMLElement => {
    const element = create(name, options)
    if (element instanceof HTMLStyleElement) element.nonce = nonce
    return element
  }
  const set = HTMLElement.prototype.setAttribute
  HTMLElement.prototype.setAttribute = function (this: HTMLElement, name: string, value: string): void {
    if (name === 'style') this.style.cssText = value
    else set.call(this, name, value)
  }
}
