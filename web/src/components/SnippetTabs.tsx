import { Tabs } from '@base-ui/react/tabs'
import type { PageIntegrationDetails } from '@benchkey/sdk/pages'
import { useState } from 'react'
import { CopyIconButton } from './CopyIconButton.tsx'

const REMEMBERED = 'benchkey.snippet-language'

interface SnippetTabsProps {
  readonly snippets: PageIntegrationDetails['snippets']
  /** Id of the heading. */
  readonly labelledBy: string
}

/** The same few lines in each language; the language chosen last comes first next time. */
export function SnippetTabs({ snippets, labelledBy }: SnippetTabsProps) {
  const [language, setLanguage] = useState(() => localStorage.getItem(REMEMBERED))
  const shown = snippets.find((snippet) => snippet.language === language) ?? snippets[0]
  const choose = (value: string): void => {
    setLanguage(value)
    localStorage.setItem(REMEMBERED, value)
  }
  return (
    <Tabs.Root value={shown?.language ?? null} onValueChange={choose} className="snippets">
      <Tabs.List className="snippet-tabs" aria-labelledby={labelledBy}>
        {snippets.map(({ language: each }) => (
          <Tabs.Tab key={each} value={each} className="snippet-tab">
            {each}
          </Tabs.Tab>
        ))}
      </Tabs.List>
      {snippets.map(({ language: each, code }) => (
        <Tabs.Panel key={each} value={each} className="snippet">
          <pre>
            <code>{code}</code>
          </pre>
          <CopyIconButton text={code} label={`Copy ${each} code`} />
        </Tabs.Panel>
      ))}
    </Tabs.Root>
  )
}
