/** The element of the page with this ID; throws when the page has none. */
export function element<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id)
  if (!found) throw new Error(`The page has no element #${id}.`)
  return found as T
}

/** Says something above the terminal, with one thing to do about it where there is one. */
export function showNotice(text: string, label?: string, act?: () => void): void {
  element('notice-text').textContent = text
  const button = element<HTMLButtonElement>('notice-button')
  button.hidden = label === undefined
  button.textContent = label ?? ''
  button.onclick = act ?? null
  element('notice').hidden = false
}

/** Takes away what was said. */
export function hideNotice(): void {
  element('notice').hidden = true
}
