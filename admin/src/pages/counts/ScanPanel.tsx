import { ActionIcon, Alert, Button, Chip, Group, Switch, Text, TextInput } from '@mantine/core';
import { IconArrowRight, IconCamera, IconMinus, IconPlus } from '@tabler/icons-react';
import { lazy, Suspense, useEffect, useRef, useState, type FormEvent } from 'react';

import type { Schemas } from '../../api/client';
import { hasCameraScanner } from '../../shell/camera';
import { useScan } from '../../shell/scanner';
import { texts } from '../../texts';
import { useFormats } from '../../ui/format';
import { Panel } from '../../ui/page';
import type { Named } from './codes';
import type { Chosen } from './Counting';
import classes from './counts.module.css';

const t = texts.counts;
const CameraScan = lazy(() => import('../../shell/CameraScan'));
/** The server's limit of stock is 10¹². */
const QUANTITY = /^\d{1,12}$/;

interface Props {
  count: Schemas['CountResponse'];
  chosen: Chosen | null;
  addsOne: boolean;
  onAddsOne: (addsOne: boolean) => void;
  onScan: (code: string) => void;
  onChoose: (named: Named) => void;
  onEnter: (named: Named, quantity: number) => void;
}

export function ScanPanel({ count, chosen, addsOne, onAddsOne, onScan, onChoose, onEnter }: Props) {
  const codeField = useRef<HTMLInputElement>(null);
  const line = count.lines.find(({ variant_id }) => variant_id === chosen?.variantId);
  return (
    <Panel>
      <CodeField field={codeField} onScan={onScan} />
      {chosen ? (
        <ChosenProduct chosen={chosen} line={line} isPlanned={line !== undefined || chosen.variantId === null} onChoose={onChoose} />
      ) : (
        <Text size="sm" c="dimmed" mt="sm">
          {t.scanHint}
        </Text>
      )}
      {chosen && chosen.sizes.length === 0 && !addsOne && (
        <QuantityForm
          key={chosen.scan}
          chosen={chosen}
          present={line?.counted_quantity ?? null}
          onEnter={(quantity) => {
            onEnter(chosen, quantity);
            // On a touch screen, the focus would open the keyboard; a scanner needs none.
            if (!window.matchMedia('(pointer: coarse)').matches) codeField.current?.focus();
          }}
          onScan={onScan}
        />
      )}
      {(!chosen || addsOne || chosen.sizes.length > 0) && <ScanTaker onScan={onScan} />}
      <Switch
        mt="md"
        label={t.addsOne}
        description={t.addsOneHint}
        checked={addsOne}
        onChange={(event) => onAddsOne(event.currentTarget.checked)}
      />
    </Panel>
  );
}

function ScanTaker({ onScan }: { onScan: (code: string) => void }) {
  useScan((code) => onScan(code));
  return null;
}

function CodeField({ field, onScan }: { field: React.RefObject<HTMLInputElement | null>; onScan: (code: string) => void }) {
  const [code, setCode] = useState('');
  const [hasCamera, setHasCamera] = useState(false);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!code.trim()) return;
    setCode('');
    onScan(code.trim());
  };
  return (
    <form onSubmit={submit} className={classes.codeForm}>
      <TextInput
        ref={field}
        label={t.code}
        placeholder={t.codePlaceholder}
        value={code}
        size="md"
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        enterKeyHint="next"
        data-scan="field"
        onChange={(event) => setCode(event.currentTarget.value)}
      />
      {hasCameraScanner() && (
        <ActionIcon size={42} variant="default" aria-label={texts.shell.scan} onClick={() => setHasCamera(true)}>
          <IconCamera size={22} stroke={1.7} />
        </ActionIcon>
      )}
      <ActionIcon size={42} type="submit" variant="default" aria-label={t.next}>
        <IconArrowRight size={20} stroke={1.7} />
      </ActionIcon>
      {hasCamera && (
        <Suspense fallback={null}>
          <CameraScan onClose={() => setHasCamera(false)} />
        </Suspense>
      )}
    </form>
  );
}

interface ChosenProps {
  chosen: Chosen;
  line: Schemas['CountLineResponse'] | undefined;
  isPlanned: boolean;
  onChoose: (named: Named) => void;
}

function ChosenProduct({ chosen, line, isPlanned, onChoose }: ChosenProps) {
  const { quantity } = useFormats();
  const facts = [
    chosen.sku,
    chosen.units !== null && chosen.units > 1 ? t.caseOf(quantity(chosen.units)) : null,
    line && line.expected_quantity !== null ? t.expectedIs(quantity(line.expected_quantity)) : null,
    line && line.counted_quantity !== null ? t.countedIs(quantity(line.counted_quantity)) : null,
  ].filter(Boolean);
  return (
    <div className={classes.chosenProduct} aria-live="polite">
      <Text fw={650} size="lg">
        {chosen.name}
      </Text>
      {facts.length > 0 && (
        <Text size="sm" c="dimmed">
          {facts.join(' · ')}
        </Text>
      )}
      {chosen.state === 'looking' && <Text size="sm" c="dimmed">{t.looking}</Text>}
      {chosen.state === 'offline' && <Alert color="yellow" mt="xs">{t.nameUnknown}</Alert>}
      {chosen.state === 'unknown' && (
        <Alert color="red" mt="xs" role="alert">
          {t.codeUnknown(chosen.code)}
        </Alert>
      )}
      {chosen.state === 'known' && !isPlanned && <Alert color="blue" mt="xs">{t.besides}</Alert>}
      {chosen.sizes.length > 0 && (
        <Group gap={6} mt="xs" role="group" aria-label={t.size}>
          {chosen.sizes.map(({ id, size, sku }) => (
            <Chip
              key={id}
              checked={false}
              variant="outline"
              onChange={() => onChoose({ ...chosen, code: sku, sku, variantId: id, sizes: [], name: `${chosen.name} · ${size}` })}
            >
              {size}
            </Chip>
          ))}
        </Group>
      )}
    </div>
  );
}

interface QuantityProps {
  chosen: Chosen;
  present: number | null;
  onEnter: (quantity: number) => void;
  onScan: (code: string) => void;
}

/** The quantity has the focus as soon as something is scanned. A number and Enter replaces what was counted before. */
function QuantityForm({ chosen, present, onEnter, onScan }: QuantityProps) {
  // The code of a case counts cases, so the units of before are no help.
  const start = chosen.units === 1 && present !== null ? String(present) : '';
  const [text, setText] = useState(start);
  const [error, setError] = useState<string | null>(null);
  const field = useRef<HTMLInputElement>(null);
  const latest = useRef({ text, onScan });
  latest.current = { text, onScan };
  useEffect(() => {
    field.current?.focus({ preventScroll: true });
    field.current?.select();
  }, []);

  const enter = (): boolean => {
    if (!QUANTITY.test(latest.current.text)) {
      setError(t.quantityWrong);
      return false;
    }
    onEnter(Number(latest.current.text));
    return true;
  };

  // A quantity that was typed without Enter is entered by the next scan. The field gets its own text back first.
  useScan((code) => {
    setTimeout(() => {
      const isTyped = latest.current.text !== start && latest.current.text !== '';
      if (!isTyped || enter()) latest.current.onScan(code);
    });
  });

  const step = (by: number) => setText(String(Math.max(0, (Number(latest.current.text) || 0) + by)));
  const isUnknown = chosen.state === 'unknown';

  return (
    <form
      className={classes.quantityForm}
      onSubmit={(event) => {
        event.preventDefault();
        enter();
      }}
    >
      <ActionIcon size={48} variant="default" aria-label={t.less} onClick={() => step(-1)} disabled={isUnknown}>
        <IconMinus size={20} />
      </ActionIcon>
      <TextInput
        ref={field}
        label={t.quantityOf}
        value={text}
        error={error}
        size="lg"
        inputMode="numeric"
        autoComplete="off"
        enterKeyHint="done"
        disabled={isUnknown}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => {
          setText(event.currentTarget.value.trim());
          setError(null);
        }}
      />
      <ActionIcon size={48} variant="default" aria-label={t.more} onClick={() => step(1)} disabled={isUnknown}>
        <IconPlus size={20} />
      </ActionIcon>
      <Button type="submit" size="md" className={classes.enter} disabled={isUnknown}>
        {t.enter}
      </Button>
    </form>
  );
}
