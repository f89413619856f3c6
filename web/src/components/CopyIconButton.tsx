import { Copy } from 'lucide-react'
import { IconButton } from './IconButton.tsx'
import { useCopy } from './use-copy.ts'

/** Copies `text`; when the browser refuses, says beside itself how to do it by hand. */
export function CopyIconButton({ text, label }: { readonly text: string; readonly label: string }) {
  const { copy, refused } = useCopy(text)
  return (
    <>
      <IconButton label={label} icon={<Copy size={16} />} onClick={copy} />
      {refused ? (
        <span role="alert" className="error-line copy-refused">
          The browser does not allow copying here. Select the text and copy it by hand.
        </span>
      ) : null}
    </>
  )
}
