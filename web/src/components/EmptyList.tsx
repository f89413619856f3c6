import type { PageMe } from '@benchkey/sdk/pages'
import { CopyIconButton } from './CopyIconButton.tsx'

const SAMPLE_SECTION = `[box-integration]
name=Box API Access
client-id=the client ID that the service gave you
client-secret=the client secret that the service gave you
authorization-url=https://account.box.com/api/oauth2/authorize
token-url=https://account.box.com/api/oauth2/token
scopes=root_readwrite
`

/** No integrations: who adds them; for an administrator, how. */
export function EmptyList({ administrator }: { readonly administrator: Pick<PageMe, 'redirectUri'> | undefined }) {
  if (!administrator) {
    return <p className="panel">No integrations yet. Your administrator adds them; they appear here by themselves.</p>
  }
  return (
    <div className="panel empty">
      <p>No integrations yet. Two steps, and they appear here by themselves:</p>
      <ol>
        <li>
          <p>Register Benchkey at the service as an OAuth 2.0 client with exactly this redirect URI:</p>
          <div className="copyable">
            <code>{administrator.redirectUri}</code>
            <CopyIconButton text={administrator.redirectUri} label="Copy redirect URI" />
          </div>
        </li>
        <li>
          <p>
            Paste a section like this into <code>oauth-clients.conf</code>, with what the service gave you, then run{' '}
            <code>benchkey reload</code>:
          </p>
          <div className="copyable">
            <pre>
              <code>{SAMPLE_SECTION.trimEnd()}</code>
            </pre>
            <CopyIconButton text={SAMPLE_SECTION} label="Copy sample section" />
          </div>
        </li>
      </ol>
    </div>
  )
}
