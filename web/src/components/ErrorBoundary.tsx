import { Component, type ReactNode } from 'react'
import { sentenceOf } from '../errors.ts'
import { Button } from './Button.tsx'

/** Catches what a page could not draw; the rest of the browser's tab stays usable. */
export class ErrorBoundary extends Component<{ readonly children: ReactNode }, { readonly sentence: string | undefined }> {
  override state = { sentence: undefined }

  static getDerivedStateFromError(error: unknown) {
    return { sentence: sentenceOf(error) }
  }

  override render(): ReactNode {
    if (this.state.sentence === undefined) return this.props.children
    return (
      <main className="focus-page">
        <h1>This page stopped working</h1>
        <p role="alert">{this.state.sentence}</p>
        <Button look="primary" onClick={() => location.reload()}>
          Load again
        </Button>
      </main>
    )
  }
}
