const TITLES = ['Register Benchkey there', 'Paste what you got', 'Test and deploy'] as const

/** The three steps, and which one this is. */
export function Steps({ step }: { readonly step: 1 | 2 | 3 }) {
  return (
    <ol className="steps" aria-label="Steps">
      {TITLES.map((title, index) => (
        <li key={title} aria-current={index + 1 === step ? 'step' : undefined}>
          <span className="step-number" aria-hidden="true">
            {index + 1}
          </span>
          {title}
        </li>
      ))}
    </ol>
  )
}
