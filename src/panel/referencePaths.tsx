import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

/** A step of references, and the steps that follow it. */
interface IStep {
  readonly text: string;
  readonly next: IStep[];
  /** Whether a path ends here. */
  isLast: boolean;
}

/** Put paths together that begin with the same steps. */
function treeOf(paths: readonly (readonly string[])[]): readonly IStep[] {
  const first: IStep[] = [];
  for (const path of paths) {
    let steps = first;
    let last: IStep | null = null;
    // The kernel begins with the object, a person with what has a name.
    for (const text of [...path].reverse()) {
      last = steps.find(step => step.text === text) ?? null;
      if (last === null) {
        last = { text, next: [], isLast: false };
        steps.push(last);
      }
      steps = last.next;
    }
    if (last !== null) {
      last.isLast = true;
    }
  }
  return first;
}

function Steps(props: {
  steps: readonly IStep[];
  trans: TranslationBundle;
}): React.JSX.Element {
  const { steps, trans } = props;
  return (
    <ul role="list" className="jp-Memguard-steps">
      {steps.map(step => {
        const head = (
          <>
            <code>{step.text}</code>
            {step.isLast && (
              <span className="jp-Memguard-quiet">
                {trans.__('is the object')}
              </span>
            )}
          </>
        );
        return (
          <li key={step.text}>
            {step.next.length === 0 ? (
              head
            ) : (
              <details>
                <summary>{head}</summary>
                <Steps steps={step.next} trans={trans} />
              </details>
            )}
          </li>
        );
      })}
    </ul>
  );
}

/**
 * The references that lead to an object, from names on: one step a line, and
 * each step opens those that follow it.
 *
 * @param props - The paths, each from the object to a name; and the words.
 */
export function ReferencePaths(props: {
  paths: readonly (readonly string[])[];
  trans: TranslationBundle;
}): React.JSX.Element {
  return <Steps steps={treeOf(props.paths)} trans={props.trans} />;
}
