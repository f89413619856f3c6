import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Provider } from 'oidc-provider'

const BODY_LIMIT_BYTES = 16 * 1024

/** Shows the one page of the authorization server (who are you, what is asked) and takes its answer: `/interaction/<uid>`. */
export async function handleInteraction(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const interaction = await provider.interactionDetails(request, response)
  const { params, uid } = interaction
  const scope = params.scope ?? ''
  if (request.method !== 'POST') {
    sendPage(response, 200, interactionPage({ uid, clientId: params.client_id ?? '', scope, problem: '' }))
    return
  }
  const form = new URLSearchParams(await readBody(request))
  const userName = (form.get('user_name') ?? '').trim()
  if (form.get('answer') === 'deny') {
    const location = await provider.interactionResult(request, response, {
      error: 'access_denied',
      error_description: 'The user refused access',
    })
    redirect(response, location)
    return
  }
  if (userName === '') {
    const problem = 'Type a user name.'
    sendPage(response, 422, interactionPage({ uid, clientId: params.client_id ?? '', scope, problem }))
    return
  }
  const grant = new provider.Grant({ accountId: userName, clientId: params.client_id ?? '' })
  grant.addOIDCScope(scope)
  const location = await provider.interactionResult(request, response, {
    login: { accountId: userName, remember: false },
    consent: { grantId: await grant.save() },
  })
  redirect(response, location)
}

/** Shows an error of the authorization server that cannot go back to the client, such as an unregistered redirect URI. */
export function errorPage(error: { error: string; error_description?: string }): string {
  return page(
    'Demo service: error',
    `<p role="alert">${escapeHtml(error.error)}: ${escapeHtml(error.error_description ?? '')}</p>`,
  )
}

function interactionPage(facts: { uid: string; clientId: string; scope: string; problem: string }): string {
  const scopes = facts.scope.split(' ').filter((scope) => scope !== '')
  return page(
    'Demo service',
    `<p>The client <strong>${escapeHtml(facts.clientId)}</strong> asks for access to:</p>
<ul>${scopes.map((scope) => `<li>${escapeHtml(scope)}</li>`).join('')}</ul>
${facts.problem === '' ? '' : `<p role="alert">${escapeHtml(facts.problem)}</p>`}
<form method="post" action="/interaction/${escapeHtml(facts.uid)}">
<p><label for="user-name">User name</label> <input id="user-name" name="user_name" autocomplete="off" autofocus>
<small>Any name will do here.</small></p>
<p><button type="submit" name="answer" value="continue">Continue</button>
<button type="submit" name="answer" value="deny">Deny</button></p>
</form>`,
  )
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${title}</title>
<meta name="viewport" content="width=device-width"><style>body{font:16px/1.5 system-ui;margin:2rem;max-width:32rem}</style></head>
<body><main><h1>${title}</h1>${body}</main></body></html>`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

function sendPage(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8', 'cache-control': 'no-store' }).end(html)
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store' }).end()
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > BODY_LIMIT_BYTES) throw new Error('The form is larger than 16 KiB.')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
