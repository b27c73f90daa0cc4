/** Schemas of fields that several answers have. */
import { errorTypes, type ErrorType } from '../domain/failures.ts';
import { z } from './zod.ts';

export const errorType = z.enum(errorTypes as [ErrorType, ...ErrorType[]]).openapi('ErrorType');
export const isoTime = z.iso.datetime();
export const nullableText = z.string().nullable();
export const wholeNumber = z.number().int();
