import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { IWatched } from '../../tokens';
import type { IVariable } from '../../wire/protocol';
import { ActionButton } from '../buttons';
import type { OfferCode } from '../codeOffer';
import {
  Chips,
  Field,
  References,
  useExplanation,
  type IExplanation
} from '../explanation';
import { isName } from '../results/pythonName';
import { quotedName } from './variableWords';

/** Whether it is a variable: the value of the last cell has no name. */
const isNamed = (name: string): boolean => name !== '';

/** All names of a variable's object; null as long as they are not known. */
function namesOf(
  { name }: IVariable,
  { explained, failure }: IExplanation
): readonly string[] | null {
  return explained?.holders ?? (failure === null ? null : [name]);
}

/** What puts the code that deletes a variable into a cell. */
function DeleteButton(props: {
  names: readonly string[] | null;
  onPress: (code: string) => void;
  fallback: string;
  trans: TranslationBundle;
}): React.JSX.Element | null {
  const { names, onPress, fallback, trans } = props;
  const code = `del ${(names ?? [fallback]).join(', ')}`;
  return (names ?? [fallback]).every(isName) ? (
    <ActionButton
      minor
      disabled={names === null}
      title={trans.__('Below the active cell; it is not run')}
      onClick={() => onPress(code)}
    >
      {trans.__('Put `%1` into a new cell', code)}
    </ActionButton>
  ) : null;
}

/**
 * Who holds a variable's object, and what would delete it. Nothing is asked
 * for a variable that nobody looks at.
 *
 * @param props - The variable, and what knows what is around it.
 */
export function VariableDetail(props: {
  variable: IVariable;
  watched: IWatched;
  isSeen: boolean;
  offerCode: OfferCode;
  trans: TranslationBundle;
}): React.JSX.Element {
  const { variable, watched, isSeen, offerCode, trans } = props;
  const { name, freed_bytes: freed, shared_with: sharers, results } = variable;
  const { model, agent } = watched;
  const isBusy = agent.cellRunning;
  const explanation = useExplanation(
    () => model.explainVariable(name),
    !isBusy && isSeen,
    [model, name, freed, sharers.join(), results.join()]
  );
  const names = namesOf(variable, explanation);
  const others = names?.filter(other => other !== name) ?? [];
  return (
    <div className="jp-Memguard-detail">
      <dl>
        {others.length > 0 && (
          <Field name={trans.__('Other names of it')}>
            <Chips names={others} />
          </Field>
        )}
        {sharers.length + results.length > 0 && (
          <Field name={trans.__('Shares memory with')}>
            <Chips names={[...sharers.filter(isNamed), ...results]} />
            {!sharers.every(isNamed) && (
              <span className="jp-Memguard-chip">{quotedName('', trans)}</span>
            )}
          </Field>
        )}
        <Field name={trans.__('Other references')}>
          <References {...explanation} isBusy={isBusy} trans={trans} />
        </Field>
      </dl>
      <DeleteButton
        names={names}
        fallback={name}
        onPress={code => void offerCode(watched, code)}
        trans={trans}
      />
    </div>
  );
}
