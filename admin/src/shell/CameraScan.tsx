import { Alert, Modal, Text } from '@mantine/core';
import { useEffect, useRef, useState } from 'react';

import { texts } from '../texts';
import { FORMATS } from './camera';
import classes from './CameraScan.module.css';
import { useScanner } from './scanner';

const t = texts.shell;
const PAUSE_MS = 120;

/** Shows the camera until a barcode is read, which then goes where a scanner's code would go. */
export default function CameraScan({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title={t.scan}>
      <Camera onClose={onClose} />
    </Modal>
  );
}

function Camera({ onClose }: { onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [isDenied, setIsDenied] = useState(false);
  const scanner = useScanner();
  const latest = useRef({ onClose, scanner });
  latest.current = { onClose, scanner };

  useEffect(() => {
    const stop = new AbortController();
    readCode(video.current, stop.signal)
      .then((code) => {
        if (code === null) return;
        latest.current.onClose();
        latest.current.scanner.take(code);
      })
      .catch(() => setIsDenied(true));
    return () => stop.abort();
  }, []);

  return (
    <>
      {isDenied ? <Alert color="red">{t.scanDenied}</Alert> : <Text size="sm">{t.scanHint}</Text>}
      <video ref={video} className={classes.video} muted playsInline hidden={isDenied} />
    </>
  );
}

/** The first barcode that the camera sees, or null if it was stopped before. */
async function readCode(video: HTMLVideoElement | null, signal: AbortSignal): Promise<string | null> {
  if (!video || !window.BarcodeDetector) return null;
  const reader = new window.BarcodeDetector({ formats: FORMATS });
  const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  try {
    if (signal.aborted) return null;
    video.srcObject = stream;
    await video.play();
    while (!signal.aborted) {
      const [found] = await reader.detect(video).catch(() => []);
      if (found?.rawValue) return found.rawValue;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
    return null;
  } finally {
    for (const track of stream.getTracks()) track.stop();
  }
}
