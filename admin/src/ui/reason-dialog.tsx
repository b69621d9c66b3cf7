import { Text, Textarea } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';

import type { Write } from '../api/use-write';
import { texts } from '../texts';
import { FormDialog } from './dialog';

interface ReasonDialogProps<R, T> {
  title: string;
  /** What happens, in a sentence or two. */
  children: ReactNode;
  write: Write<R, T>;
  /** The request with the reason, which has no spaces around it. */
  request: (reason: string) => R;
  /** What the button does, as a verb. */
  submit: string;
  isRequired?: boolean;
  onClose: () => void;
}

/** Asks for the reason of a write that takes something back. */
export function ReasonDialog<R, T>({ title, children, write, request, submit, isRequired = false, onClose }: ReasonDialogProps<R, T>) {
  const form = useForm({
    initialValues: { reason: '' },
    validate: { reason: (reason) => (isRequired && reason.trim() === '' ? texts.common.required : null) },
  });
  return (
    <FormDialog
      title={title}
      size="sm"
      form={form}
      write={write}
      submit={submit}
      isDangerous
      onClose={onClose}
      request={({ reason }) => request(reason.trim())}
    >
      <Text size="sm">{children}</Text>
      <Textarea label={texts.common.reason} data-autofocus autosize minRows={2} {...form.getInputProps('reason')} />
    </FormDialog>
  );
}
