import { CopyIconButton } from '../../../components/CopyIconButton.tsx'

/** The redirect URI, to copy exactly. */
export function RedirectUri({ uri, words }: { readonly uri: string; readonly words: string }) {
  return (
    <div className="redirect-uri">
      <p>{words}</p>
      <div className="copyable">
        <code>{uri}</code>
        <CopyIconButton text={uri} label="Copy redirect URI" />
      </div>
    </div>
  )
}
