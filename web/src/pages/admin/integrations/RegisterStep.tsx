import type { PageConfiguration, PagePreset } from '@benchkey/sdk/configuration-pages'
import { ExternalLink } from 'lucide-react'
import { type SyntheticEvent, useMemo, useRef } from 'react'
import { Link, useLocation, useSearchParams } from 'wouter'
import { Button } from '../../../components/Button.tsx'
import { FilterField } from '../../../components/FilterField.tsx'
import { Tile } from '../../../components/Tile.tsx'
import { useKeys } from '../../../keys.ts'
import { pagePaths } from '../../../paths.ts'
import { filledIn, variablesOf } from '../../../section-edits.ts'
import { matches } from '../../../words.ts'
import { CodeText } from './CodeText.tsx'
import { RedirectUri } from './RedirectUri.tsx'
import { Variables } from './SectionForm.tsx'
import { StepHeading } from './StepHeading.tsx'
import type { SectionFormModel } from './use-section-form.ts'

/** Stands for no preset in the address. */
const BLANK = 'none'

const withPreset = (id: string): string => `${pagePaths.adminAddIntegration}?preset=${encodeURIComponent(id)}`

/** Which provider is it? The filter is part of the address. */
export function PresetPicker({ presets }: { readonly presets: readonly PagePreset[] }) {
  const [search, setSearch] = useSearchParams()
  const field = useRef<HTMLInputElement>(null)
  useKeys(useMemo(() => ({ '/': () => field.current?.focus() }), []))
  const filter = search.get('filter') ?? ''
  const shown = presets.filter(({ id, name }) => matches(filter, [id, name]))
  const put = (value: string): void => setSearch(value === '' ? {} : { filter: value }, { replace: true })
  return (
    <section aria-labelledby="provider">
      <h3 id="provider">Which provider is it?</h3>
      <p className="secondary picker-words">
        Benchkey knows the addresses and the ways of these. Every other OAuth 2.0 service works, too, with what its documentation
        says: <Link href={withPreset(BLANK)}>Another service</Link>
      </p>
      <FilterField ref={field} value={filter} onChange={put} />
      {shown.length === 0 ? <p className="no-match">No known provider matches “{filter}”.</p> : null}
      <ul className="preset-tiles">
        {shown.map(({ id, name }) => (
          <li key={id}>
            <Link href={withPreset(id)} className="preset-tile">
              <Tile name={name} icon={undefined} />
              <span>{name}</span>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

interface RegisterStepProps {
  readonly form: SectionFormModel
  readonly configuration: PageConfiguration
  readonly preset: PagePreset | undefined
  /** The preset's ID as the address has it. */
  readonly choice: string
}

/** What is done at the service: where, how, with which redirect URI. */
export function RegisterStep({ form, configuration, preset, choice }: RegisterStepProps) {
  const [, navigate] = useLocation()
  const uri = form.check?.redirectUri ?? configuration.redirectUri
  const submit = (event: SyntheticEvent): void => {
    event.preventDefault()
    const { baseline } = form
    const query = baseline ? `section=${encodeURIComponent(baseline.section)}` : `preset=${encodeURIComponent(choice)}`
    navigate(`${pagePaths.adminAddIntegration}?${query}&step=2`)
  }
  return (
    <form className="panel section-form" onSubmit={submit} noValidate>
      <div className="page-title">
        <StepHeading words={preset ? `Register Benchkey at ${preset.name}` : 'Register Benchkey at the service'} />
        {form.baseline ? null : <Link href={pagePaths.adminAddIntegration}>Choose another provider</Link>}
      </div>
      <RedirectUri uri={uri} words="Redirect URI to register, exactly so:" />
      {preset && preset.variables.length > 0 ? (
        <div className="form-fields">
          <Variables form={form} variables={preset.variables} />
        </div>
      ) : null}
      {preset ? <KnownSteps preset={preset} known={{ ...knownOf(form, preset), 'redirect-uri': uri }} /> : <UnknownSteps />}
      <footer className="form-actions">
        <Button type="submit" look="primary">
          Continue
        </Button>
      </footer>
    </form>
  )
}

const knownOf = ({ baseline, state }: SectionFormModel, preset: PagePreset): Readonly<Record<string, string>> =>
  variablesOf(preset, baseline, state.typed)

interface KnownStepsProps {
  readonly preset: PagePreset
  /** The redirect URI and the variables, as far as they are typed. */
  readonly known: Readonly<Record<string, string>>
}

function KnownSteps({ preset, known }: KnownStepsProps) {
  return (
    <>
      <ol className="register-steps">
        {preset.steps.map((step) => (
          <li key={step}>
            <CodeText text={filledIn(step, known)} />
          </li>
        ))}
      </ol>
      <p className="register-links">
        {preset.register === undefined ? null : (
          <Outside url={filledIn(preset.register, known)} words={`Register at ${preset.name}`} />
        )}
        <Outside url={preset.source} words="Documentation of the provider" />
      </p>
      {preset.quirks.length === 0 ? null : (
        <section className="quirks" aria-label={`Peculiar at ${preset.name}`}>
          <h4>Peculiar there</h4>
          <ul>
            {preset.quirks.map((quirk) => (
              <li key={quirk}>
                <CodeText text={filledIn(quirk, known)} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </>
  )
}

function UnknownSteps() {
  return (
    <ol className="register-steps">
      <li>Find where the service registers OAuth 2.0 clients (apps, integrations, API keys), and add one for Benchkey.</li>
      <li>Choose the authorization code flow; a confidential client or web application, where it asks.</li>
      <li>Register the redirect URI above, exactly: no slash at the end.</li>
      <li>Note the client ID, the client secret, the authorization URL, the token URL and the scopes that your people need.</li>
    </ol>
  )
}

/** A link out of Benchkey, only where it is an https one and nothing of it is still to be typed. */
function Outside({ url, words }: { readonly url: string; readonly words: string }) {
  if (!url.startsWith('https://') || url.includes('{')) return <code>{url}</code>
  return (
    <a href={url} target="_blank" rel="noopener noreferrer" className="outside">
      {words}
      <ExternalLink size={16} role="img" aria-label="in a new tab" />
    </a>
  )
}
