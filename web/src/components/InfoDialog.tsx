import type { PageIntegration, PageIntegrationDetails } from '@benchkey/sdk/pages'
import { useQuery } from '@tanstack/react-query'
import { integrationQuery } from '../queries.ts'
import { Button } from './Button.tsx'
import { CopyIconButton } from './CopyIconButton.tsx'
import { ErrorLine } from './ErrorLine.tsx'
import { Fact, Facts } from './Facts.tsx'
import { ModalDialog } from './ModalDialog.tsx'
import { SkeletonLines } from './Skeleton.tsx'
import { SnippetTabs } from './SnippetTabs.tsx'
import { YourSignIn } from './YourSignIn.tsx'

/** The facts about one integration, in four parts. */
export function InfoDialog({ integration, onClose }: { readonly integration: PageIntegration; readonly onClose: () => void }) {
  const { data, error } = useQuery(integrationQuery(integration.uid))
  return (
    <ModalDialog
      title={integration.name}
      open
      width="wide"
      onClose={onClose}
      description={integration.description}
      corner={
        <Button look="quiet" onClick={onClose}>
          Close
        </Button>
      }
    >
      <section className="dialog-part">
        <h3>Integration ID</h3>
        <div className="copyable">
          <code>{integration.uid}</code>
          <CopyIconButton text={integration.uid} label="Copy Integration ID" />
        </div>
      </section>
      {data ? <Parts details={data} /> : null}
      {data || error ? null : <SkeletonLines lines={12} />}
      <ErrorLine error={error} />
    </ModalDialog>
  )
}

function Parts({ details }: { readonly details: PageIntegrationDetails }) {
  const { configuration } = details
  return (
    <>
      {details.snippets.length === 0 ? null : (
        <section className="dialog-part">
          <h3 id="use-it">Use it</h3>
          <SnippetTabs snippets={details.snippets} labelledBy="use-it" />
        </section>
      )}
      <section className="dialog-part">
        <h3>Your sign-in</h3>
        <YourSignIn details={details} />
      </section>
      <section className="dialog-part">
        <h3>Configuration</h3>
        <Facts>
          <Fact name="Client ID">
            <code>{configuration.clientId}</code>
          </Fact>
          <Fact name="Auth URL">
            <code>{configuration.authorizationUrl}</code>
          </Fact>
          <Fact name="Token URL">
            <code>{configuration.tokenUrl}</code>
          </Fact>
          <Fact name="Scopes">
            {configuration.scopes.length === 0 ? 'None: the service decides' : <code>{configuration.scopes.join(' ')}</code>}
          </Fact>
          <Fact name="Documentation">
            {configuration.documentationUrl ? (
              <a href={configuration.documentationUrl} target="_blank" rel="noopener noreferrer">
                {configuration.documentationUrl}
              </a>
            ) : undefined}
          </Fact>
          <Fact name="Issuer">{configuration.issuer ? <code>{configuration.issuer}</code> : undefined}</Fact>
        </Facts>
      </section>
    </>
  )
}
