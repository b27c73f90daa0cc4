import { render } from 'preact';
import { App } from './app/app.tsx';
import './app/theme.ts';
import './ui/bidi-marks.ts';
import './styles/main.css';

const root = document.getElementById('desk');
if (root) render(<App />, root);
