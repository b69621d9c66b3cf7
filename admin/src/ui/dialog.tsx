import { Alert, Button, Group, List, Modal, Stack, Text } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useState, type ReactNode } from 'react';

import type { ApiProblem } from '../api/problem';
import type { Write } from '../api/use-write';
import { texts } from '../texts';
import { useFormats } from './format';
import { messageOf } from './states';
import { nameWithSize } from './product';
import { useUnsaved } from './unsaved';

const t = texts.common;

interface DialogProps {
  title: string;
  size?: 'sm' | 'md' | 'lg' | 'xl';
  /** True if closing loses something: then a click beside the dialog does not close it, and leaving the page asks. */
  isUnsaved?: boolean;
  onClose: () => void;
  children: ReactNode;
}

/** A dialog. Show it only while it is open, so that its state begins anew each time: `{isOpen && <AdjustDialog … />}`. */
export function Dialog({ title, size = 'md', isUnsaved = false, onClose, children }: DialogProps) {
  useUnsaved(isUnsaved);
  return (
    <Modal opened onClose={onClose} title={title} size={size} closeOnClickOutside={!isUnsaved}>
      {children}
    </Modal>
  );
}

/**
 * A value as it was when the dialog opened, for `expected_version` and `expected_stock`: what arrives meanwhile must not
 * slip under what the user looks at.
 */
export function useFrozen<T>(value: T): T {
  return useState(value)[0];
}

interface FormDialogProps<Values extends Record<string, unknown>, R, T> {
  title: string;
  size?: DialogProps['size'];
  form: UseFormReturnType<Values>;
  write: Write<R, T>;
  /** The request for the values of the form. */
  request: (values: Values) => R;
  /** What the button does, as a verb: `Ship 3 units`. */
  submit: string;
  isDangerous?: boolean;
  /** True while there is nothing to send yet. */
  isDisabled?: boolean;
  /** Names of the API for fields of the form, where they differ: `{ unit_cost: 'cost' }`. */
  fieldNames?: Record<string, string>;
  onClose: () => void;
  children: ReactNode;
}

function useCloseWhenDone(write: Pick<Write<never>, 'state'>, onClose: () => void): void {
  useEffect(() => {
    if (write.state === 'done') onClose();
  }, [write.state]);
}

/** The button that sends. While the outcome is unknown, a button that sends the same request again. */
function OrCheckAgain({ write, children }: { write: Pick<Write<never>, 'state' | 'retry'>; children: ReactNode }) {
  return write.state === 'unknown' ? <Button onClick={() => void write.retry()}>{t.checkAgain}</Button> : children;
}

/** A dialog with a form that is one request. It closes after success and shows the server's refusals at their fields. */
export function FormDialog<Values extends Record<string, unknown>, R, T>({
  title,
  size,
  form,
  write,
  request,
  submit,
  isDangerous,
  isDisabled,
  fieldNames,
  onClose,
  children,
}: FormDialogProps<Values, R, T>) {
  const [unplaced, setUnplaced] = useState<string[]>([]);
  const isLocked = write.isSending || write.state === 'unknown';

  useEffect(() => setUnplaced(write.problem ? placeFieldErrors(form, write.problem, fieldNames) : []), [write.problem]);
  useCloseWhenDone(write, onClose);

  const isUnsaved = write.state !== 'done' && (isLocked || form.isDirty());
  const send = form.onSubmit((values) => void write.send(request(values)));

  return (
    <Dialog title={title} size={size} isUnsaved={isUnsaved} onClose={write.isSending ? () => undefined : onClose}>
      <form onSubmit={send} noValidate>
        {/* While the outcome is unknown, the same request must be sent again, so the fields are locked. */}
        <fieldset disabled={isLocked} className="plain-fieldset">
          <Stack gap="sm">{children}</Stack>
        </fieldset>
        <WriteProblem write={write} unplaced={unplaced} />
        <Group justify="flex-end" mt="md" gap="xs">
          <Button variant="default" onClick={onClose} disabled={write.isSending}>
            {t.cancel}
          </Button>
          <OrCheckAgain write={write}>
            <Button type="submit" disabled={isDisabled} loading={write.isSending} color={isDangerous ? 'red' : undefined}>
              {submit}
            </Button>
          </OrCheckAgain>
        </Group>
      </form>
    </Dialog>
  );
}

/** Shows the refused fields in the form, and returns the messages about fields that the form does not have. */
export function placeFieldErrors<Values extends Record<string, unknown>>(
  form: UseFormReturnType<Values>,
  problem: ApiProblem,
  fieldNames: Record<string, string> = {},
): string[] {
  const placed: Record<string, string> = {};
  const unplaced: string[] = [];
  const values = form.getValues();
  for (const { field, message } of problem.fields) {
    const path = (fieldNames[field] ?? field).replace(/\[(\d+)\]/g, '.$1');
    if (hasPath(values, path)) placed[path] = message.charAt(0).toUpperCase() + message.slice(1);
    else unplaced.push(`${field}: ${message}`);
  }
  form.setErrors(placed);
  return unplaced;
}

function hasPath(values: unknown, path: string): boolean {
  let here = values;
  for (const part of path.split('.')) {
    if (typeof here !== 'object' || here === null || !(part in here)) return false;
    here = (here as Record<string, unknown>)[part];
  }
  return true;
}

/** What the user has to know about a write that was refused, or whose outcome is not known. */
export function WriteProblem({ write, unplaced = [] }: { write: Pick<Write<never>, 'state' | 'problem'>; unplaced?: string[] }) {
  const { quantity } = useFormats();
  const { state, problem } = write;
  if (state === 'retrying') return <Note color="yellow">{t.retrying}</Note>;
  if (state === 'unknown') return <Note color="yellow">{t.outcomeUnknown}</Note>;
  if (!problem) return null;
  if (problem.shortages.length > 0) {
    return (
      <Note color="red" title={t.shortagesTitle}>
        <List size="sm" spacing={2}>
          {problem.shortages.map((one) => (
            <List.Item key={`${one.sku}-${one.size}`}>
              {t.shortage(nameWithSize(one), quantity(one.requested_quantity), quantity(one.available_quantity))}
            </List.Item>
          ))}
        </List>
      </Note>
    );
  }
  if (problem.code === 'STALE_STOCK' || problem.code === 'STALE_DOCUMENT') {
    const current = problem.problem.current_stock;
    return (
      <Note color="yellow" title={t.staleTitle}>
        {current === undefined ? '' : `${t.currentStock(quantity(current))} `}
        {t.staleHint}
      </Note>
    );
  }
  const isAtFields = problem.fields.length > 0;
  if (isAtFields && unplaced.length === 0) return null;
  return (
    <Note color="red">
      {isAtFields ? unplaced.map((message) => <Text key={message} size="sm">{message}</Text>) : messageOf(problem)}
    </Note>
  );
}

function Note({ color, title, children }: { color: string; title?: string; children: ReactNode }) {
  return (
    <Alert color={color} title={title} icon={<IconAlertTriangle size={18} />} mt="md" role="alert">
      {children}
    </Alert>
  );
}

interface ConfirmDialogProps<R, T> {
  title: string;
  /** What happens, in a sentence or two. */
  children: ReactNode;
  write: Write<R, T>;
  request: R;
  /** What the button does, as a verb. */
  confirm: string;
  isDangerous?: boolean;
  onClose: () => void;
}

/** Asks before a write that needs no form. */
export function ConfirmDialog<R, T>({ title, children, write, request, confirm, isDangerous, onClose }: ConfirmDialogProps<R, T>) {
  useCloseWhenDone(write, onClose);
  return (
    <Dialog title={title} size="sm" onClose={write.isSending ? () => undefined : onClose}>
      <Text size="sm" component="div">
        {children}
      </Text>
      <WriteProblem write={write} />
      <Group justify="flex-end" mt="md" gap="xs">
        <Button variant="default" onClick={onClose} disabled={write.isSending} data-autofocus>
          {t.cancel}
        </Button>
        <OrCheckAgain write={write}>
          <Button
            loading={write.isSending || write.state === 'done'}
            color={isDangerous ? 'red' : undefined}
            onClick={() => void write.send(request)}
          >
            {confirm}
          </Button>
        </OrCheckAgain>
      </Group>
    </Dialog>
  );
}
