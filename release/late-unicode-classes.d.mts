import type ts from 'typescript';

export function lateUnicodeClasses(context: ts.TransformationContext): (file: ts.SourceFile) => ts.SourceFile;
