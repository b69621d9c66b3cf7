import { useRef, useState } from 'react';

import type { Schemas } from '../../api/client';
import { useSession } from '../../api/session';
import { texts } from '../../texts';
import type { ListState } from '../../ui/list-state';
import { notifyProblem } from '../../ui/notify';
import { serverTime } from './clock';
import { findThere, nameOfLine, useCodes, type Named } from './codes';
import classes from './counts.module.css';
import { Lines } from './Lines';
import { countQueue } from './queue';
import { Queue } from './Queue';
import { ScanPanel } from './ScanPanel';

const t = texts.counts;

type Count = Schemas['CountResponse'];

/** What is being counted at the moment: the name may still be unknown while the network is away. */
export interface Chosen extends Named {
  /** Distinguishes two scans of the same code. */
  scan: number;
  state: 'known' | 'looking' | 'unknown' | 'offline';
}

/** The page of an open count: scan, enter the quantity, scan the next. */
export function Counting({ count, list }: { count: Count; list: ListState<unknown> }) {
  const { user, store } = useSession();
  const { findHere } = useCodes(count);
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const scans = useRef(0);
  const choose = (named: Named, state: Chosen['state']) => {
    scans.current += 1;
    setChosen({ ...named, state, scan: scans.current });
  };
  const [addsOne, setAddsOne] = useState(false);

  const enter = (named: Named, quantity: number, add: boolean) => {
    try {
      countQueue.add({
        userId: user.id,
        storeId: store.id,
        count: count.count_number,
        code: named.code,
        sku: named.sku,
        name: named.name,
        quantity,
        add,
        countedAt: serverTime(count.created_at),
      });
      return true;
    } catch {
      notifyProblem(t.notStored);
      return false;
    }
  };

  const scan = (code: string) => {
    const here = findHere(code);
    const named: Named = here ?? { code, name: code, sku: null, variantId: null, units: null, sizes: [] };
    if (addsOne) enter(named, 1, true);
    choose(named, here ? 'known' : 'looking');
    if (here && here.units !== null) return;
    // The server knows every code, and how many units a case has. Counting does not wait for it.
    findThere(code)
      .then((there) => setChosen((now) => (now?.code === code ? answerOf(now, there) : now)))
      .catch(() => setChosen((now) => (now?.code === code && now.state === 'looking' ? { ...now, state: 'offline' } : now)));
  };

  return (
    <div className={classes.counting}>
      <div className={classes.scanning}>
        <ScanPanel
          count={count}
          chosen={chosen}
          addsOne={addsOne}
          onAddsOne={setAddsOne}
          onScan={scan}
          onChoose={(named) => choose(named, 'known')}
          onEnter={(named, quantity) => {
            if (enter(named, quantity, false)) setChosen(null);
          }}
        />
        <Queue count={count} />
      </div>
      <Lines count={count} list={list} onChoose={(line) => choose(nameOfLine(line), 'known')} />
    </div>
  );
}

function answerOf(now: Chosen, there: Named | null): Chosen {
  if (there) return { ...there, state: 'known', scan: now.scan };
  return now.state === 'looking' ? { ...now, state: 'unknown' } : now;
}
